"""A lease on an object store, which has no locks: each who asks puts a ticket of its own there.

{monitoring store}/lease/{owner}.json

Nobody writes another's ticket, so nothing is written over. What stores promise is enough: an object
that was put is in every listing from then on. Who asks puts its ticket first and looks second, so
that of two who ask at once one at least sees the other; the one of the lower name goes on, and
waits until the other has seen it and gone. Conditional writes would be shorter, but some stores
that speak S3 take the condition, ignore it and say yes.

How long an owner was silent is told by the store's clock alone: the age of its ticket against that
of one's own, put just now. The clocks of machines need not agree.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from switchyard.errors import SwitchyardError
from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining.leases import Lease, place, runs

FOLDER = "lease"
RIVAL_S = 30.0
"""Who asks and was silent for so long asks no more."""

_LOOK_AGAIN_S = 0.5

logger = logging.getLogger(__name__)


class Tickets:
    """The lease of a store. silence_s: an owner that was silent for so long has lost it."""

    def __init__(self, store: MonitoringStore, silence_s: float) -> None:
        self._store, self._silence_s = store, silence_s

    def take(self, mine: Lease) -> Lease | None:
        """Get the lease unless somebody has it, or asks before: then who."""
        if self._had_by(mine.owner):
            return self._hold(mine)
        asking = mine.model_copy(update={"held": False})
        while True:
            others = self._put(asking)
            winners = [each for each in others if each.held or each.owner < mine.owner]
            if winners:
                self.give_back(mine)
                return winners[0]
            if not others:
                return self._hold(mine)
            time.sleep(_LOOK_AGAIN_S)

    def beat(self, mine: Lease) -> Lease | None:
        """Say that the owner lives; who has the lease instead, when it was lost by silence."""
        others = [each for each in self._put(mine) if each.held]
        if others:
            self.give_back(mine)
        return others[0] if others else None

    def give_back(self, mine: Lease) -> None:
        """Let others have it. When the store fails, they have it after the silence."""
        try:
            self._store.delete(_path(mine.owner))
        except SwitchyardError as error:
            logger.warning("the lease of retraining is lost by silence: %s", error)

    def holder(self) -> Lease | None:
        """Who has it now, by the clock of this machine; nothing is written."""
        now = time.time()
        living = (each for _, each, put in self._tickets() if self._alive(each, now - put))
        return next((each for each in living if each.held), None)

    def _hold(self, mine: Lease) -> Lease | None:
        """Have it, unless this process slept so long that another has stopped waiting for it."""
        others = [each for each in self._put(mine) if each.held]
        if others:
            self.give_back(mine)
        return others[0] if others else None

    def _had_by(self, owner: str) -> bool:
        """Whether a process that was the same owner has had it, and not given it back."""
        content = self._store.read(_path(owner))
        try:
            return content is not None and Lease.model_validate_json(content).held
        except ValidationError:
            return False

    def _put(self, mine: Lease) -> list[Lease]:
        """Put one's own ticket anew, then look: the tickets of others that live."""
        fresh = mine.model_copy(update={"beat": time.time()})
        path = _path(mine.owner)
        self._store.write(path, fresh.model_dump_json().encode())
        now = self._modified(path) or time.time()
        found = []
        for other, ticket, put in self._tickets():
            if other == path:
                continue
            if self._alive(ticket, now - put):
                found.append(ticket)
            elif now - put > self._silence_s:
                self._store.delete(other)
        return sorted(found, key=lambda each: (not each.held, each.owner))

    def _tickets(self) -> Iterator[tuple[str, Lease, float]]:
        """All that are there: their paths, what they say, and when they were put."""
        for path in self._store.paths(FOLDER):
            put, content = self._modified(path), self._store.read(path)
            if put is None or content is None:  # given back since it was listed
                continue
            try:
                yield path, Lease.model_validate_json(content), put
            except ValidationError:
                logger.warning("'%s' of '%s' is damaged, no lease", path, self._store.shown)

    def _alive(self, ticket: Lease, silent_s: float) -> bool:
        if ticket.place and ticket.place == place():
            running = runs(ticket)
            if running is not None:
                return running
        return silent_s <= (self._silence_s if ticket.held else min(RIVAL_S, self._silence_s))

    def _modified(self, path: str) -> float | None:
        """When an object was put, by the store's clock; None when it is not there."""
        with self._store.explaining("read"):
            try:
                moment = self._store.files.modified(f"{self._store.root}/{path}")
            except FileNotFoundError:
                return None
        return moment.timestamp() if isinstance(moment, datetime) else float(moment)


def _path(owner: str) -> str:
    return f"{FOLDER}/{owner}.json"
