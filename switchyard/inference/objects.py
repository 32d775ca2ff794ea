"""JSON rows: those that cannot be read are told apart from the others, not refused as a whole."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from switchyard.batches.columns import Columns
from switchyard.batches.objects import LINE, parsed
from switchyard.errors import DataError

_DOCUMENT = re.compile(rb'\s*\{\s*"instances"\s*:\s*\[')


def is_document(stream: BinaryIO) -> bool:
    """Whether the file is one document {"instances": […]}, not an object a line."""
    stream.seek(0)
    return bool(_DOCUMENT.match(stream.read(1024).removeprefix(codecs.BOM_UTF8)))


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line with where it begins; blank ones too. DataError for one longer than LINE."""
    stream.seek(0)
    at = len(codecs.BOM_UTF8) if stream.read(3) == codecs.BOM_UTF8 else 0
    stream.seek(at)
    number = 0
    while line := stream.readline(LINE + 1):
        number += 1
        if len(line) > LINE:
            raise DataError(f"line {number:,} is longer than {LINE >> 20} MB")
        yield at, line
        at += len(line)


def sighted(raws: Iterable[bytes], columns: Columns) -> None:
    """Take note of the columns of rows; rows that cannot be read have none."""
    for raw in raws:
        try:
            values, _ = parsed(raw)
        except DataError:
            continue  # the row is rejected when its turn to be scored comes
        columns.see(values)


def told_apart(
    raws: Iterable[bytes],
) -> tuple[list[tuple[int, dict[str, Any], bytes]], list[tuple[int, str, bytes]]]:
    """Rows as (number, values, JSON), and those that cannot be read as (number, problem, text)."""
    rows, unreadable = [], []
    for number, raw in enumerate(raws):
        try:
            rows.append((number, parsed(raw)[0], raw))
        except DataError as cause:
            unreadable.append((number, str(cause), raw))
    return rows, unreadable
