"""The files of jobs, in a folder or an object store: whole under their names, or not there.

{store}/inputs/{run}.{kind}
{store}/results/{run}.{attempt}.{kind}
{store}/drafts/…                        what is being written, in a folder
"""

from __future__ import annotations

import io
import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from switchyard.stores import NamedStore, sync_folder

INPUTS, RESULTS, DRAFTS = "inputs", "results", "drafts"

log = logging.getLogger("switchyard.jobs")

_BUFFER = 1 << 20


class Draft(Protocol):
    """A file that is being written and gets its name when it is whole."""

    @property
    def stream(self) -> BinaryIO: ...

    def commit(self) -> None:
        """Give it its name; after that it outlives a loss of power."""
        ...

    def discard(self) -> None:
        """Leave nothing of it; may be called at any time before `commit` returns.

        What cannot be deleted is logged, and deleted later by the upkeep.
        """
        ...


class JobFiles(NamedStore):
    """A store of files. location: a path, file://…, s3://….

    RequestError for a location that nothing here reads; each failure of the store is a
    PlatformError, DiskFull when there is no space.
    """

    def __init__(self, location: str) -> None:
        super().__init__(location, "the store of jobs", "serving.jobs.store")

    def draft(self, folder: str, name: str) -> Draft:
        """Begin a file."""
        with self.explaining("written"):
            if self.is_local:
                return _LocalDraft(Path(self.root), folder, name)
            return _RemoteDraft(self.files, f"{self.root}/{folder}/{name}")

    def open(self, folder: str, name: str) -> BinaryIO:
        """A file from its start; seekable."""
        path = f"{self.root}/{folder}/{name}"
        with self.explaining("read"):
            if self.is_local:
                return Path(path).open("rb")
            return cast(BinaryIO, io.BufferedReader(self.files.open(path, "rb"), _BUFFER))

    def remove(self, folder: str, name: str) -> None:
        """Delete a file, if it is there."""
        self.delete(f"{folder}/{name}")

    def names(self, folder: str) -> Iterator[tuple[str, float]]:
        """The files, each with its age in seconds."""
        for name in self.listed(folder):
            with self.explaining("read"):
                try:
                    changed = self.files.modified(f"{self.root}/{folder}/{name}")
                except FileNotFoundError:
                    continue
            yield name, time.time() - _seconds(changed)


class _LocalDraft:
    def __init__(self, root: Path, folder: str, name: str) -> None:
        self._target = root / folder / name
        self._path = root / DRAFTS / f"{name}.{os.getpid()}"
        for needed in (self._target.parent, self._path.parent):
            needed.mkdir(parents=True, exist_ok=True)
        self.stream: BinaryIO = self._path.open("wb", _BUFFER)

    def commit(self) -> None:
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.stream.close()
        self._path.replace(self._target)
        sync_folder(self._target.parent)

    def discard(self) -> None:
        with suppress(OSError):  # closing may want to write what the full disk has no room for
            self.stream.close()
        for path in (self._path, self._target):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("'%s' is deleted later: %s", path, error)


class _RemoteDraft:
    """An upload, which an object store shows only when it is complete."""

    def __init__(self, files: Any, path: str) -> None:
        self._files, self._path = files, path
        self._upload = files.open(path, "wb", autocommit=False)
        self.stream: BinaryIO = self._upload

    def commit(self) -> None:
        self._upload.close()
        self._upload.commit()

    def discard(self) -> None:
        try:
            self._upload.discard()
            with suppress(FileNotFoundError):
                self._files.rm_file(self._path)
        except Exception:  # stores raise errors of libraries of their own
            log.exception("'%s' is deleted later", self._path)


def _seconds(changed: datetime | float) -> float:
    return changed.timestamp() if isinstance(changed, datetime) else changed
