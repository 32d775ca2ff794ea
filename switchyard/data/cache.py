"""The folder of downloads: files appear in it whole or not at all, whoever else is writing."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from switchyard.errors import PlatformError

_WAIT_S = 0.1


def open_folder(cache_dir: str) -> Path:
    """The folder for downloads, made if need be. PlatformError if it cannot be written."""
    folder = Path(cache_dir).expanduser() / "downloads"
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals inside the block into PlatformError naming `path`."""
    try:
        yield
    except OSError as cause:
        if cause.errno in (errno.ENOSPC, errno.EDQUOT):
            advice = "the disk is full; free some space or set data.cache_dir to another disk"
        elif cause.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            advice = "it may not be written; set data.cache_dir to a folder of yours"
        else:
            advice = f"{cause.strerror or cause}; set data.cache_dir to another folder"
        raise PlatformError(f"cannot keep downloads in '{path}': {advice}") from cause


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold `target` for this process; wait while another process has it."""
    import fcntl

    path = target.with_name(target.name + ".lock")
    with writing(target.parent):
        lock = path.open("ab")
    with lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_WAIT_S)
        yield


class Part:
    """A file under way beside its final name, with the digest of what it holds so far.

    Call `finish` to put it in place; leaving the block otherwise keeps what has come, so that a
    later attempt may resume.
    """

    def __init__(self, target: Path, *, resume: bool) -> None:
        self.target = target
        self.path = target.with_name(target.name + ".part")
        self.size = 0
        self._digest = hashlib.sha256()
        self._file: IO[bytes] | None = None
        if resume:
            with suppress(FileNotFoundError), self.path.open("rb") as held:
                while block := held.read(1 << 20):
                    self._digest.update(block)
                    self.size += len(block)
        else:
            self.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, block: bytes) -> None:
        """Append `block`. PlatformError where the disk refuses."""
        with writing(self.target.parent):
            if self._file is None:
                self._file = self.path.open("ab")
            self._file.write(block)
        self._digest.update(block)
        self.size += len(block)

    def finish(self) -> None:
        """Put the file in place under its final name, in one step."""
        self.write(b"")
        with writing(self.target.parent):
            if self._file is not None:
                self._file.flush()
                os.fsync(self._file.fileno())
            self._close()
            self.path.replace(self.target)

    def discard(self) -> None:
        """Forget everything that has come."""
        with suppress(OSError):
            self._close()
        with writing(self.target.parent):
            self.path.unlink(missing_ok=True)
        self.size = 0
        self._digest = hashlib.sha256()

    def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            with writing(self.target.parent):
                file.close()
