"""Folders and object stores by one name, through fsspec."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, NamedTuple, TypeGuard

from switchyard.data.sources import shown
from switchyard.errors import PlatformError, RequestError, SwitchyardError

_BUFFER = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}
_STALE_S = 3600.0
"""No draft is written for so long."""


class FileStore(NamedTuple):
    """files: fsspec's file system; root: where in it, without a slash at its end."""

    files: Any
    root: str
    is_local: bool


def open_store(location: str, setting: str) -> FileStore:
    """The store at a path, file://…, s3://…, memory://….

    setting: the key that the location comes from. RequestError for one that nothing here reads.
    """
    from fsspec.core import url_to_fs

    plain = location if "://" in location else str(Path(location).expanduser().absolute())
    try:
        files, root = url_to_fs(plain)
    except (ImportError, ValueError) as cause:
        raise RequestError(
            f"{setting} '{shown(location)}' cannot be opened: {cause}; give a folder, or an "
            "object-store URL whose package is installed (s3://: uv sync --extra s3)"
        ) from cause
    protocols = (files.protocol,) if isinstance(files.protocol, str) else files.protocol
    return FileStore(files, str(root).rstrip("/"), "file" in protocols)


class NamedStore:
    """A store that names itself when it fails. location: a path, file://…, s3://…, memory://….

    name: as 'the prediction store'; setting: the key that the location comes from. Each failure of
    what is underneath is a PlatformError; RequestError for a location that nothing here reads.
    Paths are relative to the store. passing: errors that stay what they are.
    """

    passing: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, location: str, name: str, setting: str) -> None:
        self.location, self.setting, self._name = location, setting, name
        self.shown = shown(location)
        self.files, self.root, self.is_local = open_store(location, setting)

    def write(self, path: str, content: bytes, draft: str | None = None) -> None:
        """Put a file in its place, whole or not at all; one of that name is replaced.

        draft: what a folder has it under until it is whole; by default its name with a dot before,
        and then those that killed processes left beside it are deleted.
        """
        with self.explaining("written"):
            if self.is_local:
                target = Path(self.root, path)
                hidden = f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}.draft"
                before = target.with_name(hidden) if draft is None else Path(self.root, draft)
                if draft is None:
                    _sweep(target.parent)
                with written_locally(target, before) as stream:
                    stream.write(content)
                return
            try:
                self.files.pipe_file(f"{self.root}/{path}", content)
            except FileNotFoundError:  # file systems that want the folder first
                # Not before it is missed: making one may try to make the bucket.
                self.files.makedirs(f"{self.root}/{path}".rpartition("/")[0], exist_ok=True)
                self.files.pipe_file(f"{self.root}/{path}", content)

    def listed(self, folder: str) -> list[str]:
        """The names of what is in a folder, in order; none where there is no folder."""
        with self.explaining("read"):
            self.files.invalidate_cache()
            try:
                found = self.files.ls(f"{self.root}/{folder}", detail=False)
            except FileNotFoundError:
                return []
            return sorted(str(path).rstrip("/").rsplit("/", 1)[-1] for path in found)

    def delete(self, path: str) -> bool:
        """Delete a file, and say whether it was there."""
        with self.explaining("written"):
            try:
                self.files.rm_file(f"{self.root}/{path}")
            except FileNotFoundError:  # somebody else deletes too
                return False
            return True

    def explaining(self, done: str) -> AbstractContextManager[None]:
        """Turns what the store raises into errors that name it. done: 'read' or 'written'."""
        return explaining(lambda cause: self.failure(done, cause), self.passing)

    def failure(self, done: str, cause: Exception) -> SwitchyardError:
        """The error that names the store, and the cause it fails for."""
        if is_full(cause):
            return DiskFull(
                f"{self._name} '{self.shown}' is full: {cause.strerror}; free space "
                f"or choose another one ({self.setting})"
            )
        return PlatformError(
            f"{self._name} '{self.shown}' cannot be {done}: {type(cause).__name__}: {cause}; check "
            f"its disk, network and credentials ({self.setting})"
        )


class DiskFull(PlatformError):  # noqa: N818  a state that passes, as its name says
    """There is no space left for a file."""


def is_full(cause: BaseException) -> TypeGuard[OSError]:
    """Whether an error says that a disk is full, or one's share of it."""
    return isinstance(cause, OSError) and cause.errno in _FULL


@contextmanager
def explaining(
    failure: Callable[[Exception], SwitchyardError], passing: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Turns what a store raises into what `failure` makes of it; ours and `passing` stay."""
    try:
        yield
    except SwitchyardError:
        raise
    except passing:
        raise
    except Exception as cause:  # stores raise errors of libraries of their own
        raise failure(cause) from cause


def _sweep(folder: Path) -> None:
    """Delete the drafts that killed processes left in a folder."""
    for left in folder.glob(".*.draft"):
        with suppress(OSError):  # another process removes it, too
            if time.time() - left.stat().st_mtime > _STALE_S:
                left.unlink()


@contextmanager
def written_locally(target: Path, draft: Path) -> Iterator[BinaryIO]:
    """A stream for a file that gets its name when the block ends well, and is whole then.

    It outlives a loss of power; an error leaves nothing of it. draft: where it is until then, on
    the same disk.
    """
    for folder in {target.parent, draft.parent}:
        folder.mkdir(parents=True, exist_ok=True)
    stream = draft.open("wb", _BUFFER)
    try:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
        stream.close()
        draft.replace(target)
    except BaseException:
        with suppress(OSError):  # closing may want to write what the full disk has no room for
            stream.close()
        with suppress(OSError):  # what counts is the error that is under way
            draft.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a local folder outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
