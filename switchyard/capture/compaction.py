"""From the spool to the prediction store: sealed segments become Parquet files, old files go.

A segment is held by a lock while it is moved, its rows go to files named after it, and it is
deleted last. Killed at any point, the same files are written again: no row is lost, none doubled.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from switchyard.capture.rows import Rows
from switchyard.capture.segments import ENDING, Contents, Damaged, claimed, read
from switchyard.capture.spool import CORRUPT
from switchyard.capture.stores import FEEDBACK, KINDS, PREDICTIONS, Store
from switchyard.errors import SwitchyardError
from switchyard.serving.settings import Settings

_log = logging.getLogger(__name__)

_AGAIN_S = 0.5
_CORRUPT_SHARE = 0.25
_REFUSALS = 3
"""After so many refusals in one round it is the store that is away, and not one day's folder."""
_NOT_OURS = (ValueError, TypeError, KeyError, AttributeError, OverflowError)


class Compactor:
    """Moves captured rows of one service to their store. Any number may work at once."""

    def __init__(self, settings: Settings) -> None:
        capture = settings.serving.capture
        self._spool = settings.spool
        self._location = settings.capture_store
        self._retention = timedelta(days=capture.retention_days)
        self._most_corrupt = int(capture.max_spool_mb * 1e6 * _CORRUPT_SHARE)
        self._store: Store | None = None
        self._told: set[str] = set()
        self.damaged = 0
        """Records and segments that could not be read."""
        self.refused = 0
        """Segments that the store did not take in the last round, so far as it was tried."""

    def run_once(self) -> int:
        """Move what is sealed or abandoned; returns the number of rows moved.

        When the store refuses, the segments stay where they are and the log says so once.
        """
        moved = self.refused = 0
        for path in self._segments():
            try:
                with claimed(path) as descriptor:
                    if descriptor is not None:
                        moved += self._move(path, descriptor)
            except SwitchyardError as error:
                self._tell("store", "%s. Segments stay in the spool until it works again", error)
                self.refused += 1
                if self.refused == _REFUSALS:
                    return moved
            except OSError as error:
                self._tell(path.name, "'%s' cannot be moved: %s", path, error.strerror)
            else:
                self._told.discard(path.name)
        return moved

    def hand_over(self, limit_s: float) -> int:
        """As `run_once`, again and again for so long while the store refuses: this service ends.

        What is left then stays in the spool, where another process of the service finds it.
        """
        deadline = time.monotonic() + limit_s
        moved = self.run_once()
        while self.refused and time.monotonic() < deadline:
            time.sleep(_AGAIN_S)
            moved += self.run_once()
        return moved

    def retire(self) -> int:
        """Delete the files of days that are wholly past retention; returns how many files."""
        limit = datetime.now(UTC) - self._retention
        removed = 0
        try:
            store = self._opened()
            store.sweep()
            for kind in KINDS:
                for day in store.days(kind):
                    if _end(day) <= limit:
                        removed += store.remove(kind, day)
        except SwitchyardError as error:
            self._tell("store", "%s. Old rows are deleted when it works again", error)
        self._retire_corrupt(limit.timestamp())
        return removed

    def _segments(self) -> list[Path]:
        return sorted(self._spool.glob(f"*{ENDING}"))

    def _opened(self) -> Store:
        if self._store is None:
            self._store = Store(self._location)
        return self._store

    def _move(self, path: Path, descriptor: int) -> int:
        """Move one segment, which is locked; its file goes last."""
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read()
        try:
            contents = read(content)
            if contents is None:
                path.unlink()
                return 0
            files, damaged = _files(contents)
        except _NOT_OURS as error:
            self._set_aside(path, 1, error)
            return 0
        for made in files:
            name = f"{path.name.removesuffix(ENDING)}.parquet"
            self._opened().put(made.kind, made.day, name, made.content)
        if files and "store" in self._told:
            self._told.discard("store")
            _log.info("the prediction store '%s' works again", self._opened().shown)
        if damaged:
            self._set_aside(path, damaged)
        else:
            path.unlink()
        return sum(made.rows for made in files)

    def _set_aside(self, path: Path, damaged: int, error: Exception | None = None) -> None:
        """Keep a damaged segment for people to look at, and tell nothing of what it holds."""
        self.damaged += damaged
        folder = self._spool / CORRUPT
        folder.mkdir(exist_ok=True, mode=0o700)
        path.replace(folder / path.name)
        _log.error(
            "segment '%s' is damaged in %d places%s; what is whole was moved, the file is kept in "
            "'%s'. Check the disk",
            path.name,
            damaged,
            f" ({error})" if isinstance(error, Damaged) else "",
            folder,
        )

    def _retire_corrupt(self, limit: float) -> None:
        """Delete segments set aside that are past retention, or too much for the disk."""
        kept = 0
        aside = []
        for file in (self._spool / CORRUPT).glob(f"*{ENDING}"):
            with suppress(FileNotFoundError):  # another compactor was first
                aside.append((file, file.stat()))
        for file, facts in sorted(aside, key=lambda each: each[1].st_mtime, reverse=True):
            kept += facts.st_size
            if facts.st_mtime < limit or kept > self._most_corrupt:
                file.unlink(missing_ok=True)
                _log.warning(
                    "damaged segment '%s' was deleted, being old or one too many", file.name
                )

    def _tell(self, about: str, message: str, *values: object) -> None:
        """Log once, until it has worked again."""
        if about not in self._told:
            self._told.add(about)
            _log.error(message, *values)


class _File(NamedTuple):
    """A Parquet file to be put into the store."""

    kind: str
    day: date
    content: bytes
    rows: int


def _files(contents: Contents) -> tuple[list[_File], int]:
    """The files that a segment becomes, and how many of its records cannot be read."""
    rows, damaged = Rows(contents.facts), contents.damaged
    for record in contents.records:
        try:
            rows.add(record)
        except _NOT_OURS:
            damaged += 1
    tables = [(PREDICTIONS, *each) for each in rows.predictions()]
    tables += [(FEEDBACK, *each) for each in rows.feedback()]
    return [
        _File(kind, day, _parquet(table), table.num_rows) for kind, day, table in tables
    ], damaged


def _parquet(table: pa.Table) -> bytes:
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _end(day: date) -> datetime:
    """When a day is over."""
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1)
