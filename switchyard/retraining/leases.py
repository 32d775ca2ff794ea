"""Who may retrain: the record of an owner, and whether it still lives."""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from pathlib import Path

from switchyard.records import Record

UNTOLD = "unknown"
"""The start of a process on a system that does not tell it."""

logger = logging.getLogger(__name__)


class Lease(Record):
    """Who may retrain. since, beat: seconds since 1970; start: of the process, where known.

    place: the running system and its namespace of processes, in which a pid means something; held:
    False while the owner asks for it.
    """

    owner: str
    host: str
    pid: int
    start: str
    since: float
    beat: float
    place: str = ""
    held: bool = True


def new_lease(owner: str = "") -> Lease:
    """One of this process. owner: a name that a successor of it has, too; else it has none."""
    now = time.time()
    return Lease(
        owner=owner or uuid.uuid4().hex,
        host=socket.gethostname(),
        pid=os.getpid(),
        start=start_of(os.getpid()),
        since=now,
        beat=now,
        place=place(),
    )


def runs(owner: Lease) -> bool | None:
    """Whether a process of this machine runs; None where the system tells too little of it."""
    start = start_of(owner.pid)
    if start != owner.start:
        return False
    return None if start == UNTOLD else True


def place() -> str:
    """What machines of one name, and the containers of one machine, differ in; '' if untold."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        logger.debug("/proc does not tell this machine from others")
        return ""


def start_of(pid: int) -> str:
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
