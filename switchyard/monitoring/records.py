"""Where verdicts are kept: a folder or an object store, one JSON file a window.

{store}/windows/{since}.json     complete windows        {store}/reports/{since}.html
{store}/open.json                the window that is not over yet
{store}/monitoring.prom          for Prometheus          {store}/evidently/   Evidently's workspace
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from switchyard.configuration.model import UseCase
from switchyard.data.sources import shown
from switchyard.errors import PlatformError, SwitchyardError
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.windows import name_of
from switchyard.stores import open_store, sync_folder

logger = logging.getLogger(__name__)

WINDOWS, REPORTS, OPEN = "windows", "reports", "open.json"
WORKSPACE, METRICS = "evidently", "monitoring.prom"

_STALE_S = 3600.0
"""No draft is written for so long."""


def store_location(case: UseCase) -> str:
    """Where the records of a use case are: `monitoring.store`, else below the state's folder."""
    state = Path(case.serving.state_dir).expanduser() / case.name
    return case.monitoring.store or str(state / "monitoring")


class MonitoringStore:
    """Records of monitoring. location: a path, file://…, s3://…, memory://….

    RequestError for a location that nothing here reads; PlatformError naming the store when what is
    underneath fails.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self.shown = shown(location)
        self._files, self.root, self.is_local = open_store(location, "monitoring.store")

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
        with self.explaining("read"):
            self._files.invalidate_cache()
            try:
                found = self._files.ls(f"{self.root}/{folder}", detail=False)
            except FileNotFoundError:
                return []
            names = sorted(str(path).rsplit("/", 1)[-1] for path in found)
            return [f"{folder}/{name}" for name in names if not name.startswith(".")]

    def read(self, path: str) -> bytes | None:
        """A file's content; None when it is not there. path: relative to the store."""
        with self.explaining("read"):
            try:
                content: bytes = self._files.cat_file(f"{self.root}/{path}")
            except FileNotFoundError:
                return None
            return content

    def write(self, path: str, content: bytes) -> None:
        """Put a file in its place, whole or not at all; one of that name is replaced."""
        with self.explaining("written"):
            if self.is_local:
                _replace(Path(self.root, path), content)
                return
            try:
                self._files.pipe_file(f"{self.root}/{path}", content)
            except FileNotFoundError:  # file systems that want the folder first
                self._files.makedirs(f"{self.root}/{path}".rpartition("/")[0], exist_ok=True)
                self._files.pipe_file(f"{self.root}/{path}", content)

    @contextmanager
    def explaining(self, done: str) -> Iterator[None]:
        """Turns what the store raises into errors that name it."""
        try:
            yield
        except SwitchyardError:
            raise
        except Exception as cause:  # stores raise errors of libraries of their own
            raise PlatformError(
                f"the store of monitoring '{self.shown}' cannot be {done}: "
                f"{type(cause).__name__}: {cause}; check its disk, network and credentials "
                "(monitoring.store)"
            ) from cause


def _replace(target: Path, content: bytes) -> None:
    """Through a draft beside it, whose name begins with a dot; those of killed processes go."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(".*.draft"):
        with suppress(OSError):  # another process removes it, too
            if time.time() - left.stat().st_mtime > _STALE_S:
                left.unlink()
    draft = target.parent / f".{target.name}.{os.getpid()}-{threading.get_ident()}.draft"
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
    sync_folder(target.parent)
