"""One deployer at a time: a lock on the deployment's folder that a dead process cannot hold."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from switchyard.errors import PlatformError

FILE = "deploy.lock"

_RETRY_S = 0.05


@contextmanager
def held(folder: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock of `folder`; PlatformError naming the holder when it stays busy for so long."""
    try:
        opened = (folder / FILE).open("a+", encoding="ascii")
    except OSError as error:
        raise PlatformError(
            f"'{folder / FILE}' cannot be written: {error.strerror}; free space there, or make the "
            "folder writable"
        ) from error
    with opened as file:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    file.seek(0)
                    holder = file.read().strip() or "another process"
                    raise PlatformError(
                        f"'{folder.parent.name}' is being deployed by {holder}; wait until it has "
                        "ended, then try again"
                    ) from error
                time.sleep(_RETRY_S)
        with suppress(OSError):  # a full disk: the lock holds without the holder's name
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), f"process {os.getpid()}".encode())
        yield
