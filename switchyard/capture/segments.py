"""Segments: the files of the journal, their format, how one is written and how it is read.

    magic (8) | length of facts, their CRC-32 (4 + 4) | facts: JSON | padding to 8
    then records, each at a multiple of 8:
    length (4) | check (4) | length of the first part (4) | kind (4)
    request id (40) | first part | second part

The check is Adler-32 of the payload (half the time of a CRC) XOR the two fields after it. A
record's length is written last, so that what a killed process left half written has length 0 and
is not read. Facts hold for all records of a segment. Its writer holds an exclusive flock on it
for as long as it lives: a segment that can be locked is sealed or abandoned.

Payloads are JSON and so hold no zero byte: after damage, none of their bytes can pass for a
record, since every length has one.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zlib import adler32, crc32

import orjson

from switchyard.capture.request_ids import LENGTH as ID_LENGTH
from switchyard.stores import sync_folder

ENDING = ".segment"
PREDICTION, COLUMNS, FEEDBACK = 1, 2, 3
KINDS = (PREDICTION, COLUMNS, FEEDBACK)

HEAD = 16
"""Bytes of a record before its payload."""

LENGTH_FIELD = struct.Struct("<I")
OTHER_FIELDS = struct.Struct("<III")

_MAGIC = b"SWYCAP1\n"
_RECORD = struct.Struct("<IIII")
_FACTS = struct.Struct("<II")
_MADV_POPULATE_WRITE = 23
_STRETCH = 1 << 17
_FACTS_AT = len(_MAGIC) + _FACTS.size


class Damaged(ValueError):  # noqa: N818  said of a segment
    """A segment whose beginning cannot be read."""


class Record(NamedTuple):
    """One record: parts are views into the segment."""

    kind: int
    request_id: bytes
    first: memoryview
    second: memoryview


class Contents(NamedTuple):
    """What a segment holds. damaged: how many stretches of it cannot be read."""

    facts: dict[str, Any]
    records: list[Record]
    damaged: int


class Segment:
    """An open segment that this process writes. used: bytes from its beginning that hold data."""

    __slots__ = ("descriptor", "memory", "path", "size", "start", "used")

    def __init__(self, path: Path, descriptor: int, size: int, facts: bytes) -> None:
        self.path = path
        self.descriptor = descriptor
        self.size = size
        self.memory = mmap.mmap(descriptor, size)
        at = _FACTS_AT + len(facts)
        self.memory[_FACTS_AT:at] = facts
        _FACTS.pack_into(self.memory, len(_MAGIC), len(facts), crc32(facts))
        self.memory[: len(_MAGIC)] = _MAGIC
        self.start = self.used = aligned(at)

    @classmethod
    def create(cls, path: Path, size: int, facts: bytes) -> Segment:
        """A new segment of `size` bytes, all of them there already; OSError when they are not.

        Writing into it later cannot run out of space, which would kill the process (SIGBUS).
        """
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if not os.fstat(descriptor).st_nlink:
                    os.close(descriptor)  # a compactor took it for abandoned: it had no lock yet
                    continue
                _reserve(descriptor, size)
                segment = cls(path, descriptor, size, facts)
                os.fsync(descriptor)
                sync_folder(path.parent)
            except BaseException:
                path.unlink(missing_ok=True)
                os.close(descriptor)
                raise
            return segment

    def append(self, kind: int, request_id: bytes, first: bytes, second: bytes) -> bool:
        """Append a record; False when it does not fit."""
        payload = b"".join((request_id, first, second))
        length = len(payload)
        at = self.used
        begin = at + HEAD
        after = begin + (length + 7 & -8)
        if after > self.size:
            return False
        memory = self.memory
        memory[begin : begin + length] = payload
        split = len(first)
        check = adler32(payload) ^ (split << 2 | kind)
        OTHER_FIELDS.pack_into(memory, at + 4, check, split, kind)
        LENGTH_FIELD.pack_into(memory, at, length)
        self.used = after
        return True

    def populate(self) -> None:
        """Have the system map the pages now rather than at the first write to each."""
        for at in range(0, self.size, _STRETCH):
            try:
                self.memory.madvise(_MADV_POPULATE_WRITE, at, min(_STRETCH, self.size - at))
            except (OSError, AttributeError):  # not on this system: the first writes do it
                return
            time.sleep(0)  # the call above holds the interpreter's lock

    def sync(self) -> None:
        """Return when all records are on the disk."""
        getattr(os, "fdatasync", os.fsync)(self.descriptor)

    def seal(self) -> None:
        """Give the file to whoever compacts, without the room that is left; delete an empty one."""
        self.memory.close()
        try:
            if self.used == self.start:
                self.path.unlink(missing_ok=True)
            else:
                os.ftruncate(self.descriptor, self.used)
                os.fsync(self.descriptor)
        finally:
            os.close(self.descriptor)


def packed(facts: Mapping[str, Any]) -> bytes:
    """Facts as `Segment.create` takes them."""
    return orjson.dumps(facts)


def room(facts: bytes, size: int) -> int:
    """The longest payload of a record that fits a new segment of `size` bytes."""
    return size - aligned(_FACTS_AT + len(facts)) - HEAD & -8


def size_for(facts: bytes, payload: int) -> int:
    """The size of a segment that holds one record with so many bytes of payload."""
    return aligned(_FACTS_AT + len(facts)) + HEAD + aligned(payload)


def aligned(position: int) -> int:
    """The next multiple of 8."""
    return position + 7 & -8


@contextmanager
def claimed(path: Path) -> Iterator[int | None]:
    """Hold a segment that nobody writes; None when somebody does, or when it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield None
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        # Another compactor may have finished with it between the opening and the lock.
        yield descriptor if _is_still(path, descriptor) else None
    finally:
        os.close(descriptor)


def read(content: bytes) -> Contents | None:
    """What a segment holds; None when its writer died before it was begun; Damaged when unreadable.

    What lies between a damaged place and the next whole record is passed over and counted. A
    record that was being written when its process died is not damage: nobody was told it is kept.
    """
    content = content.rstrip(b"\0")
    if not content:
        return None
    content += b"\0" * 8  # what a whole record may end with
    if len(content) < _FACTS_AT or not content.startswith(_MAGIC):
        raise Damaged("it does not begin as a segment does")
    length, checksum = _FACTS.unpack_from(content, len(_MAGIC))
    facts = content[_FACTS_AT : _FACTS_AT + length]
    if crc32(facts) != checksum:
        raise Damaged("the checksum of its facts is wrong")
    view = memoryview(content)
    at = aligned(_FACTS_AT + length)
    records: list[Record] = []
    damaged = 0
    while at + HEAD <= len(content):
        record, after = _record(view, at)
        if record is None:
            torn = not LENGTH_FIELD.unpack_from(view, at)[0]
            found = _next(view, at + 8)
            if found is None:
                damaged += not torn
                break
            damaged += 1
            at = found
            continue
        records.append(record)
        at = after
    return Contents(orjson.loads(facts), records, damaged)


def _record(view: memoryview, at: int) -> tuple[Record | None, int]:
    length, check, split, kind = _RECORD.unpack_from(view, at)
    begin = at + HEAD
    end = begin + length
    if (
        length < ID_LENGTH + split
        or end > len(view)
        or kind not in KINDS
        or adler32(view[begin:end]) ^ (split << 2 | kind) != check
    ):
        return None, at
    first = begin + ID_LENGTH
    second = first + split
    request_id = bytes(view[begin:first])
    return Record(kind, request_id, view[first:second], view[second:end]), aligned(end)


def _next(view: memoryview, at: int) -> int | None:
    """Where the next whole record begins."""
    for place in range(at, len(view) - HEAD + 1, 8):
        if _record(view, place)[0] is not None:
            return place
    return None


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _reserve(descriptor: int, size: int) -> None:
    """Give the file its size and its blocks; OSError when the disk has not so many."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    zeros = bytes(_STRETCH)  # macOS
    for at in range(0, size, _STRETCH):
        os.pwrite(descriptor, zeros[: size - at], at)
