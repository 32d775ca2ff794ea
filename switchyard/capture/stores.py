"""Where captured rows are kept: a folder or an object store, by fsspec.

{store}/predictions/date=YYYY-MM-DD/{segment}.parquet
{store}/feedback/date=YYYY-MM-DD/{segment}.parquet
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import date
from pathlib import Path

from switchyard.stores import NamedStore, sync_folder

PREDICTIONS, FEEDBACK = "predictions", "feedback"
KINDS = (PREDICTIONS, FEEDBACK)

_PARTITION = "date="
_DRAFTS = "drafts"
_DRAFT_S = 86_400.0


class Store(NamedStore):
    """A prediction store. location: a path, file://…, s3://…, memory://…."""

    def __init__(self, location: str) -> None:
        super().__init__(location, "the prediction store", "serving.capture.store")

    def put(self, kind: str, day: date, name: str, content: bytes) -> None:
        """Put a file in its place, whole or not at all; one of that name is replaced.

        Its draft is beside the kinds' folders: who reads those never sees half a file.
        """
        path = f"{_folder(kind, day)}/{name}"
        self.write(path, content, draft=f"{_DRAFTS}/{name}.{os.getpid()}")
        if self.is_local:
            with self.explaining("written"):
                sync_folder(Path(self.root, kind))  # the day's folder may be new

    def days(self, kind: str) -> list[date]:
        """The days that there are rows of, in order."""
        found = []
        for name in self.listed(kind):
            if name.startswith(_PARTITION):
                with suppress(ValueError):
                    found.append(date.fromisoformat(name.removeprefix(_PARTITION)))
        return sorted(found)

    def paths(self, kind: str, day: date) -> list[str]:
        """The files of one day, as the file system names them, in order of their names."""
        folder = _folder(kind, day)
        return [
            f"{self.root}/{folder}/{name}"
            for name in self.listed(folder)
            if name.endswith(".parquet")
        ]

    def remove(self, kind: str, day: date) -> int:
        """Delete the files of one day and return how many."""
        folder = _folder(kind, day)
        names = [name for name in self.listed(folder) if name.endswith(".parquet")]
        removed = sum(self.delete(f"{folder}/{name}") for name in names)
        if self.is_local:
            with suppress(OSError):  # not empty: something of somebody else's is in it
                Path(self.root, folder).rmdir()
        return removed

    def sweep(self) -> None:
        """Delete drafts that a killed process left behind."""
        if not self.is_local:
            return
        with self.explaining("written"):
            for draft in (Path(self.root) / _DRAFTS).glob("*"):
                with suppress(FileNotFoundError):
                    if time.time() - draft.stat().st_mtime > _DRAFT_S:
                        draft.unlink()


def _folder(kind: str, day: date) -> str:
    return f"{kind}/{_PARTITION}{day.isoformat()}"
