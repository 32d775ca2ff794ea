"""One run at a time writes an output: a lock that a dead process cannot hold."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from switchyard.errors import PlatformError
from switchyard.inference.plans import target_of, work_folder

LOCK = "lock"


@contextmanager
def claimed(output: str) -> Iterator[None]:
    """Hold the output while the block runs; PlatformError when another process does.

    Object stores have no locks: there, of two runs at once each writes whole files, and the one
    that ends last may fail because the other has cleared the finished chunks away.
    """
    target = target_of(output)
    place = target.place()
    if not place.is_local:
        yield
        return
    folder = Path(place.path(work_folder(target)))
    with place.explaining("written"):
        descriptor = _locked(folder, output)
    try:
        yield
    finally:
        with suppress(OSError):  # what cannot be deleted now is deleted by the next run
            if [path.name for path in folder.iterdir()] == [LOCK]:
                (folder / LOCK).unlink()
                folder.rmdir()
        os.close(descriptor)


def _locked(folder: Path, output: str) -> int:
    path = folder / LOCK
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # whoever had it has ended just now, and the folder with it
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as cause:
            holder = os.read(descriptor, 32).decode(errors="replace") or "another process"
            os.close(descriptor)
            raise PlatformError(
                f"--output '{output}' is being written by {holder}; wait until it has ended, or "
                "name another output"
            ) from cause
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                os.truncate(descriptor, 0)
                os.write(descriptor, f"process {os.getpid()}".encode())
                return descriptor
        os.close(descriptor)
