"""The spool: the folder of segments that wait for compaction, shared by all serving processes."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from switchyard.capture.errors import SpoolFull
from switchyard.capture.segments import ENDING, Segment, packed
from switchyard.errors import PlatformError

CORRUPT = "corrupt"
"""The folder in a spool where damaged segments are kept for people to look at."""

_BLOCK = 4096
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Spool:
    """Makes segments in `folder` as long as all of them together stay within `most` bytes.

    facts: what holds for every record of this process. PlatformError when the folder cannot be
    made.
    """

    def __init__(self, folder: Path, most: int, facts: Mapping[str, Any]) -> None:
        self.folder = folder
        self.most = most
        self.facts = packed(facts)
        self._process = os.urandom(6).hex()
        self._count = count()
        with self._explaining():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def allocate(self, size: int) -> Segment:
        """A new segment of `size` bytes. SpoolFull at the bound and on a full disk."""
        with self._explaining(), self._alone():
            if self.measure() + size > self.most:
                raise SpoolFull(
                    f"the spool '{self.folder}' is at its bound of {self.most / 1e6:,.1f} MB: "
                    "captured rows do not reach their store; see the log of its companion, or "
                    "raise serving.capture.max_spool_mb"
                )
            stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
            name = f"{stamp}-{self._process}-{next(self._count):06d}{ENDING}"
            return Segment.create(self.folder / name, size, self.facts)

    def measure(self) -> int:
        """How many bytes the segments take, whoever wrote them."""
        return sum(size for _, size in self._sizes())

    def set_aside(self) -> int:
        """How many damaged segments are kept for people to look at."""
        try:
            with os.scandir(self.folder / CORRUPT) as entries:
                return sum(entry.name.endswith(ENDING) for entry in entries)
        except FileNotFoundError:
            return 0

    def _sizes(self) -> Iterator[tuple[str, int]]:
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith(ENDING):
                    try:
                        size = entry.stat().st_size
                    except FileNotFoundError:  # compacted since the folder was opened
                        continue
                    yield entry.name, -(-size // _BLOCK) * _BLOCK

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time measures and allocates, so that the bound holds for all."""
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as cause:
            if cause.errno in _FULL:
                raise SpoolFull(
                    f"the disk of the spool '{self.folder}' is full; free some space, or move "
                    "serving.state_dir to another disk"
                ) from cause
            raise PlatformError(
                f"the spool '{self.folder}' cannot be written: {cause.strerror or cause}; make it "
                "writable, or move serving.state_dir"
            ) from cause
