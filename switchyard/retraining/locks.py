"""One retraining at a time: a lease in the store of monitoring, which a dead owner loses.

{monitoring store}/retraining/lease.json     on a folder, of one machine or of several
{monitoring store}/lease/                    on an object store (`tickets.py`)

On a folder the lease changes hands under a lock of the operating system: of two that ask at the
same time one gets it. Machines whose clocks differ by more than `SILENCE_S` cannot share a folder.
"""

from __future__ import annotations

import fcntl
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pydantic import ValidationError

from switchyard.errors import SwitchyardError
from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining.leases import Lease, new_lease, runs
from switchyard.retraining.tickets import Tickets

__all__ = ["Lease", "holder", "lease"]

LEASE = "retraining/lease.json"
SILENCE_S = 120.0
"""An owner on another machine that was silent for so long has lost its lease."""

logger = logging.getLogger(__name__)


class _Lock(Protocol):
    """A lease of which there is one a store. Each method: PlatformError when the store fails."""

    def take(self, mine: Lease) -> Lease | None:
        """Get the lease unless somebody has it: then who."""
        ...

    def beat(self, mine: Lease) -> Lease | None:
        """Say that the owner lives; who has the lease instead, when it was lost."""
        ...

    def give_back(self, mine: Lease) -> None:
        """Let others have it."""
        ...

    def holder(self) -> Lease | None:
        """Who has it now."""
        ...


@contextmanager
def lease(
    store: MonitoringStore, silence_s: float = SILENCE_S, *, owner: str = ""
) -> Iterator[Lease | None]:
    """Hold the lease while the block runs. Yields None when it was got, else who has it.

    owner: whose lease it is, where that outlives the process: what goes on with its work has it at
    once, though the one before had no time to give it back.

    The lease of a process of this machine that is dead, and one of another machine that was silent
    for `silence_s`, is taken over. It is kept alive by a thread and given back at the end.
    PlatformError when the store fails.
    """
    lock, mine = _lock(store, silence_s), new_lease(owner)
    other = lock.take(mine)
    if other is not None:
        yield other
        return
    over = threading.Event()
    beating = threading.Thread(
        target=_beat, args=(lock, mine, silence_s / 4, over), name="lease", daemon=True
    )
    beating.start()
    try:
        yield None
    finally:
        over.set()
        beating.join()
        lock.give_back(mine)


def holder(store: MonitoringStore, silence_s: float = SILENCE_S) -> Lease | None:
    """Who has the lease now; None when it is free or lost."""
    return _lock(store, silence_s).holder()


def _lock(store: MonitoringStore, silence_s: float) -> _Lock:
    return _File(store, silence_s) if store.is_local else Tickets(store, silence_s)


def _beat(lock: _Lock, mine: Lease, every_s: float, over: threading.Event) -> None:
    while not over.wait(every_s):
        try:
            other = lock.beat(mine)
        except SwitchyardError as error:
            logger.warning("the lease of retraining was not renewed: %s", error)
            continue
        if other is not None:
            logger.warning("the lease of retraining was taken over by %s", other.host)
            return


class _File:
    """The lease of a folder: one file, read and written under a lock."""

    def __init__(self, store: MonitoringStore, silence_s: float) -> None:
        self._store, self._silence_s = store, silence_s

    def take(self, mine: Lease) -> Lease | None:
        with self._alone():
            held = self.holder()
            if held is not None and held.owner != mine.owner:
                return held
            self._write(mine)
            return None

    def beat(self, mine: Lease) -> Lease | None:
        with self._alone():
            held = self._read()
            if held is not None and held.owner != mine.owner:
                return held
            self._write(mine.model_copy(update={"beat": time.time()}))
            return None

    def give_back(self, mine: Lease) -> None:
        with self._alone():
            held = self._read()
            if held is not None and held.owner == mine.owner:
                self._write(held.model_copy(update={"beat": 0.0}))

    def holder(self) -> Lease | None:
        held = self._read()
        return held if held is not None and self._alive(held) else None

    def _alive(self, held: Lease) -> bool:
        """On this machine the process decides, which a step of the clock does not end.

        Of another machine, or where the system tells too little of a process, silence decides. A
        beat that is yet to come by more than the silence is of a clock that was set back.
        """
        if held.beat <= 0:  # given back
            return False
        if held.host == socket.gethostname():
            running = runs(held)
            if running is not None:
                return running
        return abs(time.time() - held.beat) <= self._silence_s

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process of this machine reads and writes the lease meanwhile."""
        folder = self._store.folder
        assert folder is not None
        path = folder / f"{LEASE}.lock"
        with self._store.explaining("written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a")
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _read(self) -> Lease | None:
        content = self._store.read(LEASE)
        if content is None:
            return None
        try:
            return Lease.model_validate_json(content)
        except ValidationError:
            logger.warning("the lease in '%s' is damaged and does not count", self._store.shown)
            return None

    def _write(self, held: Lease) -> None:
        self._store.write(LEASE, held.model_dump_json().encode())
