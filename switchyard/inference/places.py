"""Folders and object-store prefixes that files are read from, and whole files appear in."""

from __future__ import annotations

import io
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from switchyard.data.sources import shown
from switchyard.errors import PlatformError, RequestError, SwitchyardError
from switchyard.stores import NamedStore, is_full, sync_folder, written_locally

DRAFT = ".draft-"
"""Stands in the names of files that are being written."""

_BUFFER = 1 << 20


class Place(NamedStore):
    """A folder or prefix; names below it may have slashes.

    setting: what the location was given by, as '--output'. Each failure is a PlatformError that
    names the place; RequestError for a location that nothing here reads.
    """

    passing = (FileNotFoundError,)

    def __init__(self, location: str, setting: str) -> None:
        super().__init__(location, setting, setting)

    def path(self, name: str) -> str:
        """Where a file of this name is, as the file system says it."""
        return f"{self.root}/{name}"

    def open(self, name: str) -> BinaryIO:
        """A file from its start; seekable. FileNotFoundError where there is none."""
        with self.explaining("read"):
            return open_path(self.files, self.path(name), local=self.is_local)

    def read(self, name: str) -> bytes | None:
        """The content of a small file, None where there is none."""
        try:
            with self.open(name) as file:
                return file.read()
        except FileNotFoundError:
            return None

    @contextmanager
    def writing(self, name: str, draft: str | None = None) -> Iterator[BinaryIO]:
        """A stream for a file that gets its name when the block ends well, and is whole then.

        It outlives a loss of power; one of that name is replaced. An error leaves nothing of it.
        draft: what begins its name until then, in a folder of the same disk.
        """
        with self.explaining("written"):
            if self.is_local:
                target, before = Path(self.path(name)), Path(self.path(draft or name))
                draft = f"{before.name}{DRAFT}{uuid.uuid4().hex[:12]}"
                with written_locally(target, before.with_name(draft)) as stream:
                    yield stream
            else:
                with _uploaded(self.files, self.path(name)) as stream:
                    yield stream

    def names(self, folder: str) -> set[str]:
        """The files in a folder, without those that are being written."""
        return {name for name in self.listed(folder) if DRAFT not in name}

    def remove(self, name: str) -> None:
        """Delete a file or a folder with all that is in it, if it is there."""
        with self.explaining("written"), suppress(FileNotFoundError):
            if self.is_local:
                path = Path(self.path(name))
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            else:
                self.files.rm(self.path(name), recursive=True)

    def remove_empty(self, folder: str) -> None:
        """Delete a folder if nothing is in it; object stores have none."""
        if self.is_local:
            with suppress(OSError):  # something of somebody else's is in it
                Path(self.path(folder)).rmdir()

    def rename(self, name: str, new_name: str) -> None:
        """Give something local its name at once; a file or an empty folder of it is replaced."""
        with self.explaining("written"):
            path, target = Path(self.path(name)), Path(self.path(new_name))
            if path.is_dir():
                sync_folder(path)
            path.replace(target)
            sync_folder(target.parent)

    def told(self, name: str) -> str:
        """Where a file is, for people."""
        return self.path(name) if self.is_local else f"{self.shown}/{name}"

    def failure(self, done: str, cause: Exception) -> SwitchyardError:
        """The error that says which place failed, and why."""
        return failure(self.location, self.setting, done, cause)


def failure(location: str, setting: str, done: str, cause: Exception) -> SwitchyardError:
    """The error that says which place failed, and why."""
    where = f"{setting} '{shown(location)}'"
    if is_full(cause):
        return PlatformError(
            f"{where} is full: {cause.strerror}; free some space and run the same command again: "
            "finished chunks are kept"
        )
    if isinstance(cause, PermissionError):
        return RequestError(f"{where} may not be {done}: {cause.strerror or cause}; allow it")
    return PlatformError(
        f"{where} cannot be {done}: {type(cause).__name__}: {cause}; check its disk, network and "
        "credentials, then run the same command again: finished chunks are kept"
    )


def open_path(files: Any, path: str, *, local: bool) -> BinaryIO:
    """A file from its start; seekable."""
    if local:
        return Path(path).open("rb", _BUFFER)
    return cast(BinaryIO, io.BufferedReader(files.open(path, "rb"), _BUFFER))


@contextmanager
def _uploaded(files: Any, path: str) -> Iterator[BinaryIO]:
    """An upload, which an object store shows only when it is complete."""
    with suppress(OSError, NotImplementedError):  # object stores have no folders
        files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
    upload = files.open(path, "wb", autocommit=False)
    try:
        yield upload
        upload.close()
        upload.commit()
    except BaseException:
        with suppress(Exception):  # what counts is the error that is under way
            upload.discard()
        raise
