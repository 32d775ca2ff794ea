"""Records of roll-backs: begun before anything is changed, so that one cut off is finished.

{monitoring store}/rollbacks/{name}.json     named by when the version was deployed
"""

from __future__ import annotations

import logging
from datetime import datetime

from pydantic import ValidationError

from switchyard.monitoring.records import MonitoringStore
from switchyard.monitoring.windows import name_of
from switchyard.records import Record
from switchyard.serving.releases import Deployment

FOLDER = "rollbacks"
MAX_REFUSALS = 3
"""A roll-back that was refused so often is given up."""

logger = logging.getLogger(__name__)


class Rollback(Record):
    """From which version to which, and why. deployed: when the first was; finished: None while the
    champion's alias may still point to it; asked: by a person, which tells nothing of the version.

    refusals: how often it could not be done; outcome: why it was not done, '' when it was.
    """

    version: str
    to: str
    reasons: tuple[str, ...]
    deployed: datetime
    started: datetime
    finished: datetime | None = None
    asked: bool = False
    refusals: int = 0
    outcome: str = ""

    def overtaken_by(self, deployed: Deployment) -> bool:
        """Whether somebody has deployed anything else meanwhile, or the version anew."""
        if deployed.release.model_version == self.version:
            return datetime.fromisoformat(deployed.since) != self.deployed
        return deployed.release.model_version != self.to


class Rollbacks:
    """The records in a store of monitoring."""

    def __init__(self, store: MonitoringStore) -> None:
        self._store = store

    def all(self) -> list[Rollback]:
        """All, oldest first; damaged ones are left out, with a line in the log."""
        found = []
        for path in self._store.paths(FOLDER):
            try:
                found.append(Rollback.model_validate_json(self._store.read(path) or b""))
            except ValidationError as cause:
                logger.warning("'%s' of '%s' is damaged: %s", path, self._store.shown, cause)
        return sorted(found, key=lambda each: each.started)

    def of(self, deployed: datetime) -> Rollback | None:
        """The one of what was deployed then."""
        return next((each for each in self.all() if each.deployed == deployed), None)

    def unfinished(self) -> list[Rollback]:
        """Those that were cut off or refused, the newest first."""
        return [each for each in reversed(self.all()) if each.finished is None]

    def put(self, record: Rollback) -> None:
        """Keep a record; the one of the same deployment is replaced."""
        content = record.model_dump_json(indent=1).encode()
        self._store.write(f"{FOLDER}/{name_of(record.deployed)}.json", content)
