"""Where captured rows are kept: a folder or an object store, by fsspec.

{store}/predictions/date=YYYY-MM-DD/{segment}.parquet
{store}/feedback/date=YYYY-MM-DD/{segment}.parquet
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

from switchyard.data.sources import shown
from switchyard.errors import PlatformError, SwitchyardError
from switchyard.stores import open_store, sync_folder

PREDICTIONS, FEEDBACK = "predictions", "feedback"
KINDS = (PREDICTIONS, FEEDBACK)

_PARTITION = "date="
_DRAFTS = "drafts"
_DRAFT_S = 86_400.0


class Store:
    """A prediction store. location: a path, file://…, s3://…, memory://….

    Every failure of what is underneath is a PlatformError that names the store; RequestError for
    a location that nothing here reads.
    """

    def __init__(self, location: str) -> None:
        self.shown = shown(location)
        self._files, self.root, self.is_local = open_store(location, "serving.capture.store")

    @property
    def files(self) -> Any:
        """The fsspec file system."""
        return self._files

    def put(self, kind: str, day: date, name: str, content: bytes) -> None:
        """Put a file in its place, whole or not at all; one of that name is replaced."""
        folder = f"{self.root}/{kind}/{_PARTITION}{day.isoformat()}"
        with self._explaining("written"):
            if self.is_local:
                self._put_locally(Path(folder), name, content)
            else:
                self._put_remotely(folder, name, content)

    def days(self, kind: str) -> list[date]:
        """The days that there are rows of, in order."""
        with self._explaining("read"):
            found = []
            for path in self._listed(f"{self.root}/{kind}"):
                name = path.rstrip("/").rsplit("/", 1)[-1]
                if name.startswith(_PARTITION):
                    with suppress(ValueError):
                        found.append(date.fromisoformat(name.removeprefix(_PARTITION)))
            return sorted(found)

    def paths(self, kind: str, day: date) -> list[str]:
        """The files of one day, in order of their names."""
        with self._explaining("read"):
            paths = self._listed(f"{self.root}/{kind}/{_PARTITION}{day.isoformat()}")
            return sorted(path for path in paths if path.endswith(".parquet"))

    def remove(self, kind: str, day: date) -> int:
        """Delete the files of one day and return how many."""
        removed = 0
        with self._explaining("written"):
            for path in self.paths(kind, day):
                with suppress(FileNotFoundError):  # another compactor deletes too
                    self._files.rm_file(path)
                    removed += 1
            if self.is_local:
                with suppress(OSError):  # not empty: something of somebody else's is in it
                    Path(self.root, kind, f"{_PARTITION}{day.isoformat()}").rmdir()
        return removed

    def sweep(self) -> None:
        """Delete drafts that a killed process left behind."""
        if not self.is_local:
            return
        with self._explaining("written"):
            for draft in (Path(self.root) / _DRAFTS).glob("*"):
                with suppress(FileNotFoundError):
                    if time.time() - draft.stat().st_mtime > _DRAFT_S:
                        draft.unlink()

    def _listed(self, folder: str) -> list[str]:
        self._files.invalidate_cache()
        try:
            return [str(path) for path in self._files.ls(folder, detail=False)]
        except FileNotFoundError:
            return []

    def _put_locally(self, folder: Path, name: str, content: bytes) -> None:
        """Through a draft beside the kinds' folders: who reads those never sees half a file."""
        drafts = Path(self.root) / _DRAFTS
        for needed in (drafts, folder):
            needed.mkdir(parents=True, exist_ok=True)
        draft = drafts / f"{name}.{os.getpid()}"
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(folder / name)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        for changed in (folder, folder.parent):
            sync_folder(changed)

    def _put_remotely(self, folder: str, name: str, content: bytes) -> None:
        """Object stores have no folders, and making one may try to make the bucket."""
        try:
            self._files.pipe_file(f"{folder}/{name}", content)
        except FileNotFoundError:
            self._files.makedirs(folder, exist_ok=True)
            self._files.pipe_file(f"{folder}/{name}", content)

    @contextmanager
    def _explaining(self, done: str) -> Iterator[None]:
        try:
            yield
        except SwitchyardError:
            raise
        except Exception as cause:  # stores raise errors of libraries of their own
            raise PlatformError(
                f"the prediction store '{self.shown}' cannot be {done}: "
                f"{type(cause).__name__}: {cause}; check its disk, network and credentials "
                "(serving.capture.store)"
            ) from cause
