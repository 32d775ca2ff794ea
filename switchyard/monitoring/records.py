"""Where verdicts are kept: a folder or an object store, one JSON file a window.

{store}/windows/{since}.json     complete windows        {store}/reports/{since}.html
{store}/open.json                the window that is not over yet
{store}/monitoring.prom          for Prometheus          {store}/evidently/   Evidently's workspace
"""

from __future__ import annotations

import logging
from pathlib import Path

from pydantic import ValidationError

from switchyard.configuration.model import UseCase
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.windows import name_of
from switchyard.stores import NamedStore

logger = logging.getLogger(__name__)

WINDOWS, REPORTS, OPEN = "windows", "reports", "open.json"
WORKSPACE, METRICS = "evidently", "monitoring.prom"


def store_location(case: UseCase) -> str:
    """Where the records of a use case are: `monitoring.store`, else below the state's folder."""
    state = Path(case.serving.state_dir).expanduser() / case.name
    return case.monitoring.store or str(state / "monitoring")


class MonitoringStore(NamedStore):
    """Records of monitoring. location: a path, file://…, s3://…, memory://…."""

    def __init__(self, location: str) -> None:
        super().__init__(location, "the store of monitoring", "monitoring.store")

    @property
    def folder(self) -> Path | None:
        """The folder; None for an object store."""
        return Path(self.root) if self.is_local else None

    def verdicts(self) -> list[Verdict]:
        """The verdicts of complete windows, oldest first.

        A record that is damaged is left out, with a line in the log: its window has none then and
        is looked at again.
        """
        found = []
        for path in self.paths(WINDOWS):
            content = self.read(path)
            try:
                verdict = Verdict.model_validate_json(content or b"")
            except ValidationError as cause:
                logger.warning("'%s' of '%s' is damaged and left out: %s", path, self.shown, cause)
                continue
            found.append(verdict)
        return sorted(found, key=lambda verdict: verdict.since)

    def put(self, verdict: Verdict) -> None:
        """Keep a verdict; one of the same window is replaced."""
        name = f"{WINDOWS}/{name_of(verdict.since)}.json"
        content = verdict.model_dump_json(indent=1).encode()
        self.write(OPEN if verdict.provisional else name, content)

    def paths(self, folder: str) -> list[str]:
        """The files of a folder, relative to the store, in order of their names."""
        return [f"{folder}/{name}" for name in self.listed(folder) if not name.startswith(".")]

    def read(self, path: str) -> bytes | None:
        """A file's content; None when it is not there. path: relative to the store."""
        with self.explaining("read"):
            try:
                content: bytes = self.files.cat_file(f"{self.root}/{path}")
            except FileNotFoundError:
                return None
            return content
