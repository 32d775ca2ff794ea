"""Where the records of delimited text begin, found without splitting it into fields."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numba import njit

from switchyard.errors import DataError

BLOCK = 1 << 22
"""Bytes that a record may have."""

READ = 1 << 22
"""Bytes that are looked at together."""

CUT_BYTES = 1 << 25
"""A cut has fewer bytes than this and one record."""

_HEADER = 1 << 20

_START, _FIELD_START, _PLAIN, _QUOTED, _CLOSING = range(5)
_MODE, _POSITION, _RECORDS, _CUT_RECORDS, _CUT_START, _RECORD_START, _RETURN = range(7)
_QUOTE, _LINE_FEED, _RETURN_MARK = ord('"'), ord("\n"), ord("\r")


class Cut(NamedTuple):
    """Some whole records: bytes start…end of the text, the first being number `record` (from 0)."""

    start: int
    end: int
    record: int
    records: int


def cuts(source: BinaryIO, delimiter: str, *, blank_counts: bool, records: int) -> Iterator[Cut]:
    """The text after its header in cuts of at most so many records and about CUT_BYTES.

    blank_counts: whether an empty line after the header is a record. Quotes are understood as by
    arrow's CSV reader. DataError when a record is longer than BLOCK or a quote is never closed.
    """
    start = _after_header(source, delimiter)
    if start is None:
        return
    source.seek(start)
    state = np.zeros(7, np.int64)
    state[[_POSITION, _CUT_START, _RECORD_START]] = start
    found = np.empty((READ // records + 2, 2), np.int64)
    before = 0
    while block := source.read(READ):
        count = _cut(
            np.frombuffer(block, np.uint8),
            ord(delimiter),
            blank_counts,
            records,
            CUT_BYTES,
            state,
            found,
        )
        for end, counted in found[:count].tolist():
            yield Cut(start, end, before, counted - before)
            start, before = end, counted
        if state[_POSITION] - state[_RECORD_START] > BLOCK:
            raise DataError(
                f"row {int(state[_RECORDS]) + 1:,} is longer than {BLOCK >> 20} MB; is there a "
                "quote that is not closed?"
            )
    if state[_MODE] == _QUOTED:
        raise DataError(
            f"a quote is opened in row {int(state[_RECORDS]) + 1:,} and never closed; is the file "
            "whole?"
        )
    total = int(state[_RECORDS]) + int(state[_MODE] != _START)
    if total > before:
        yield Cut(start, int(state[_POSITION]), before, total - before)


def _after_header(source: BinaryIO, delimiter: str) -> int | None:
    """Where the record after the first begins; None when there is none."""
    source.seek(0)
    head = source.read(_HEADER)
    text = head.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    found = np.empty((len(text) + 1, 2), np.int64)
    state = np.zeros(7, np.int64)
    if not _cut(np.frombuffer(text, np.uint8), ord(delimiter), True, 1, BLOCK, state, found):
        return None
    return len(head) - len(text) + int(found[0, 0])


def _cut_records(
    text: Any,
    delimiter: int,
    blank_counts: bool,
    most: int,
    most_bytes: int,
    state: Any,
    found: Any,
) -> int:
    """Go through a block; put (byte, records before it) of each cut that ends into `found`.

    A cut ends where the first byte of the next record stands.
    """
    mode, position = state[_MODE], state[_POSITION]
    records, cut_start = state[_RECORDS], state[_CUT_START]
    cut_records, record_start = state[_CUT_RECORDS], state[_RECORD_START]
    after_return = state[_RETURN]
    count = 0
    for at in range(len(text)):
        byte = text[at]
        is_end = byte in (_LINE_FEED, _RETURN_MARK)
        if mode == _START:
            if byte == _LINE_FEED and after_return == 1:
                after_return = 0
                continue
            after_return = 0
            blank = is_end and not blank_counts
            if not blank:
                here = position + at
                if cut_records >= most or (cut_records and here - cut_start >= most_bytes):
                    found[count, 0] = here
                    found[count, 1] = records
                    count += 1
                    cut_start, cut_records = here, 0
                record_start = here
            if is_end:
                if blank_counts:
                    records += 1
                    cut_records += 1
                after_return = 1 if byte == _RETURN_MARK else 0
                continue
            mode = _FIELD_START
        if mode == _QUOTED:
            if byte == _QUOTE:
                mode = _CLOSING
        elif mode == _CLOSING and byte == _QUOTE:
            mode = _QUOTED
        elif is_end:
            mode = _START
            records += 1
            cut_records += 1
            record_start = position + at + 1
            after_return = 1 if byte == _RETURN_MARK else 0
        elif byte == delimiter:
            mode = _FIELD_START
        elif mode == _FIELD_START and byte == _QUOTE:
            mode = _QUOTED
        else:
            mode = _PLAIN
    state[_MODE], state[_POSITION] = mode, position + len(text)
    state[_RECORDS], state[_CUT_START] = records, cut_start
    state[_CUT_RECORDS], state[_RECORD_START] = cut_records, record_start
    state[_RETURN] = after_return
    return count


def _compiled(function: Any) -> Any:
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # there is no folder that compiled code could be kept in
        return njit(nogil=True)(function)


_cut = _compiled(_cut_records)
