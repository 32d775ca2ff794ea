"""Records of retrainings: what was begun, from which rows, and how it ended.

{monitoring store}/retraining/{name}.json     named by when it started
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from switchyard.configuration.model import Source
from switchyard.errors import GateRefused, RequestError
from switchyard.monitoring.records import MonitoringStore
from switchyard.records import Record

FOLDER = "retraining"
MAX_ATTEMPTS = 3
"""A retraining that was cut off so often is given up."""

logger = logging.getLogger(__name__)


class Retrained(Record):
    """A retraining. labelled: rows of feedback that it learns from; outcome: '' until it has ended.

    attempts: how often it was begun, for one that was cut off is gone on with. promoted: `version`
    is the champion by it; not_deployed: why that does not serve, in a sentence.
    """

    name: str
    started: datetime
    reasons: tuple[str, ...]
    labelled: int
    feedback: dict[str, Any]
    attempts: int = 1
    run: str = ""
    finished: datetime | None = None
    outcome: str = ""
    version: int | None = None
    promoted: bool = False
    deployed: bool = False
    not_deployed: str = ""

    @property
    def source(self) -> Source:
        """The rows as a source."""
        return Source.of(self.feedback)

    @property
    def may_resume(self) -> bool:
        """Whether it was cut off and is worth another attempt."""
        return self.finished is None and self.attempts < MAX_ATTEMPTS


class Retrainings:
    """The records in a store of monitoring."""

    def __init__(self, store: MonitoringStore) -> None:
        self._store = store

    def all(self) -> list[Retrained]:
        """All, in the order in which they started; damaged ones are left out, with a line."""
        found = []
        for path in self._store.paths(FOLDER):
            if not path.endswith("Z.json"):
                continue
            try:
                found.append(Retrained.model_validate_json(self._store.read(path) or b""))
            except ValidationError as cause:
                logger.warning("'%s' of '%s' is damaged: %s", path, self._store.shown, cause)
        return sorted(found, key=lambda each: each.started)

    def last(self) -> Retrained | None:
        """The one that started last, by its own date."""
        found = self.all()
        return found[-1] if found else None

    def named(self, name: str) -> Retrained | None:
        """The record of this name, as it is now."""
        return next((each for each in self.all() if each.name == name), None)

    def redated(self, now: datetime) -> Retrained | None:
        """The one that started last, now at the latest.

        Those that are dated later than now were written before the clock was set back. They count
        as started now from here on: else nothing would be retrained until that time comes.
        """
        for each in self.all():
            if each.started > now:
                logger.warning(
                    "a retraining is dated %s, which is yet to come: the clock was set back; it "
                    "counts as started now",
                    each.started,
                )
                self.put(each.model_copy(update={"started": now}))
        return self.last()

    def learnt(self) -> datetime | None:
        """When the last one started whose model was promoted."""
        return max((each.started for each in self.all() if each.promoted), default=None)

    def put(self, record: Retrained) -> None:
        """Keep a record; the one of the same name is replaced."""
        content = record.model_dump_json(indent=1).encode()
        self._store.write(f"{FOLDER}/{record.name}.json", content)


@contextmanager
def concluding(store: MonitoringStore, record: Retrained) -> Iterator[None]:
    """Note it when what is done in the block is refused, for then it would be again.

    A failure of the platform leaves the retraining to be gone on with.
    """
    try:
        yield
    except (GateRefused, RequestError) as error:
        refused = {"finished": datetime.now(UTC), "outcome": str(error)}
        records = Retrainings(store)
        latest = records.named(record.name) or record
        records.put(latest.model_copy(update=refused))
        raise
