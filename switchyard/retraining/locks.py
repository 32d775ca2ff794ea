"""One retraining at a time: a lease in the store of monitoring, which a dead owner loses.

{monitoring store}/retraining/lease.json

On a folder the lease changes hands under a lock of the operating system: of two that ask at the
same time one gets it. An object store has no such lock: there the last writer of a short moment
wins, and both look again before they go on. Machines whose clocks differ by more than `SILENCE_S`
cannot share a store.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from switchyard.errors import SwitchyardError
from switchyard.monitoring.records import MonitoringStore
from switchyard.records import Record

LEASE = "retraining/lease.json"
SILENCE_S = 120.0
"""An owner on another machine that was silent for so long has lost its lease."""

UNTOLD = "unknown"
"""The start of a process on a system that does not tell it."""

SETTLE_S = 2.0
"""How long an object store is given to show who wrote last."""

logger = logging.getLogger(__name__)


class Lease(Record):
    """Who may retrain. since, beat: seconds since 1970; start: of the process, where known."""

    owner: str
    host: str
    pid: int
    start: str
    since: float
    beat: float


@contextmanager
def lease(store: MonitoringStore, silence_s: float = SILENCE_S) -> Iterator[Lease | None]:
    """Hold the lease while the block runs. Yields None when it was got, else who has it.

    The lease of a process of this machine that is dead, and one of another machine that was silent
    for `silence_s`, is taken over. It is kept alive by a thread and given back at the end.
    PlatformError when the store fails.
    """
    mine = _new()
    other = _take(store, mine, silence_s)
    if other is not None:
        yield other
        return
    over = threading.Event()
    beating = threading.Thread(
        target=_beat, args=(store, mine, silence_s / 4, over), name="lease", daemon=True
    )
    beating.start()
    try:
        yield None
    finally:
        over.set()
        beating.join()
        with _alone(store):
            held = _read(store)
            if held is not None and held.owner == mine.owner:
                _write(store, held.model_copy(update={"beat": 0.0}))


def holder(store: MonitoringStore, silence_s: float = SILENCE_S) -> Lease | None:
    """Who has the lease now; None when it is free or lost."""
    held = _read(store)
    return held if held is not None and _alive(held, silence_s) else None


def _take(store: MonitoringStore, mine: Lease, silence_s: float) -> Lease | None:
    """Write `mine` unless somebody has the lease: then who."""
    with _alone(store):
        held = holder(store, silence_s)
        if held is not None:
            return held
        _write(store, mine)
    if store.is_local:
        return None
    time.sleep(SETTLE_S)
    held = _read(store)
    return None if held is None or held.owner == mine.owner else held


def _beat(store: MonitoringStore, mine: Lease, every_s: float, over: threading.Event) -> None:
    while not over.wait(every_s):
        try:
            with _alone(store):
                held = _read(store)
                if held is not None and held.owner != mine.owner:
                    logger.warning("the lease of retraining was taken over by %s", held.host)
                    return
                _write(store, mine.model_copy(update={"beat": time.time()}))
        except SwitchyardError as error:
            logger.warning("the lease of retraining was not renewed: %s", error)


def _alive(held: Lease, silence_s: float) -> bool:
    """On this machine the process decides, which a step of the clock does not end.

    Of another machine, or where the system tells too little of a process, silence decides. A beat
    that is yet to come by more than the silence is of a clock that was set back.
    """
    if held.beat <= 0:  # given back
        return False
    if held.host == socket.gethostname():
        start = _start_of(held.pid)
        if start != held.start:
            return False
        if start != UNTOLD:
            return True
    return abs(time.time() - held.beat) <= silence_s


def _new() -> Lease:
    now = time.time()
    return Lease(
        owner=uuid.uuid4().hex,
        host=socket.gethostname(),
        pid=os.getpid(),
        start=_start_of(os.getpid()),
        since=now,
        beat=now,
    )


def _start_of(pid: int) -> str:
    """When a process of this machine started, in the kernel's words; '' when it is not there.

    A number is given to another process in time; number and start together are one process's own.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        state, *rest = stat.rpartition(")")[2].split()
        return "" if state in "ZX" else rest[18]
    except (OSError, ValueError, IndexError):
        # No such process, or a system without /proc: then it is asked in another way.
        logger.debug("/proc says nothing of process %d", pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return UNTOLD
    return UNTOLD


@contextmanager
def _alone(store: MonitoringStore) -> Iterator[None]:
    """No other process of this machine reads and writes the lease meanwhile."""
    folder = store.folder
    if folder is None:
        yield
        return
    path = folder / f"{LEASE}.lock"
    with store.explaining("written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(store: MonitoringStore) -> Lease | None:
    content = store.read(LEASE)
    if content is None:
        return None
    try:
        return Lease.model_validate_json(content)
    except ValidationError:
        logger.warning("the lease in '%s' is damaged and does not count", store.shown)
        return None


def _write(store: MonitoringStore, held: Lease) -> None:
    store.write(LEASE, held.model_dump_json().encode())
