"""Rows of CSV-like text: arrow's reader where the file is clean, a patient one where it is not."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from switchyard.data.layouts import Layout
from switchyard.data.opening import Opening
from switchyard.data.rows import SHOWN, Collector

_BLOCK = 1 << 22
_LINE = 1 << 20
"""A longer line is no row of addresses; its rest is passed over."""

_JOINED = 20
"""Lines that one quoted field may span."""


def read_delimited(opening: Opening, layout: Layout) -> tuple[pa.Table, pa.Table | None]:
    """Rows, and malformed rows if the file has any."""
    fast = _fast(opening, layout)
    return (fast, None) if fast is not None else _patient(opening, layout)


def read_lines(opening: Opening, layout: Layout) -> tuple[pa.Table, pa.Table]:
    """Rows of a file with one URL a line; lines that begin with # are comments."""
    collector = Collector(layout)
    with opening.stream() as stream:
        for line, whole in _lines(stream):
            if not whole:
                collector.reject(line, f"a line longer than {_LINE:,} bytes")
            elif line.strip() and not line.startswith(b"#"):
                collector.add([line.decode("utf-8", "surrogateescape").strip()])
    return collector.tables()


def _fast(opening: Opening, layout: Layout) -> pa.Table | None:
    """The table by arrow's reader; None where a row is malformed, too long or not UTF-8."""
    text = pa.large_string()
    skipped = _lines_before_rows(opening.head, layout.comment)
    coded = pa.dictionary(pa.int32(), pa.string())
    types = dict.fromkeys(layout.wanted, text)
    types |= {name: coded for name in (layout.label, layout.source) if name}
    read = arrow_csv.ReadOptions(
        use_threads=False,
        block_size=_BLOCK,
        column_names=list(layout.names),
        skip_rows=skipped + int(layout.header),
    )
    convert = arrow_csv.ConvertOptions(include_columns=list(layout.wanted), column_types=types)
    parse = arrow_csv.ParseOptions(delimiter=layout.delimiter)
    try:
        with opening.stream() as stream:
            table = arrow_csv.read_csv(stream, read, parse, convert)
    except pa.ArrowInvalid:
        return None
    broken = (pc.match_substring(table[name], "\n") for name in layout.inputs)
    return None if any(pc.any(each).as_py() for each in broken) else table


def _patient(opening: Opening, layout: Layout) -> tuple[pa.Table, pa.Table]:
    """The rows line by line, each malformed one set aside with its reason."""
    collector = Collector(layout)
    places = [layout.names.index(name) for name in layout.wanted]
    with opening.stream() as stream:
        records = _records(stream, layout, places)
        if layout.header:
            next(records, None)
        for line, row in records:
            if isinstance(row, str):
                collector.reject(line, row)
            else:
                collector.add([row[place] for place in places])
    return collector.tables()


def _records(
    stream: BinaryIO, layout: Layout, places: Sequence[int]
) -> Iterator[tuple[bytes, list[str] | str]]:
    """Each record's first line with its fields, or with why it has none."""
    lines = _lines(stream)
    waiting: deque[tuple[bytes, bool]] = deque()
    while waiting or (waiting := deque(islice(lines, 1))):
        line, whole = waiting.popleft()
        if not whole:
            yield line, f"a line longer than {_LINE:,} bytes"
        elif line.strip() and not (layout.comment and line.startswith(layout.comment)):
            if line.count(b'"') % 2 == 0:
                yield line, _fields(line, layout)
                continue
            waiting.extend(islice(lines, max(0, _JOINED - len(waiting))))
            used, row = _joined(line, waiting, layout, places)
            for _ in range(used):
                waiting.popleft()
            yield line, row


def _joined(
    line: bytes, following: Iterable[tuple[bytes, bool]], layout: Layout, places: Sequence[int]
) -> tuple[int, list[str] | str]:
    """The record of a quoted field over several lines: how many more it took, and its fields.

    No wanted column has line breaks, so where one seems to, a quote was not closed.
    """
    for used, (more, whole) in enumerate(following, 1):
        line += more
        if not whole:
            break
        if line.count(b'"') % 2 == 0:
            row = _fields(line, layout)
            if isinstance(row, str) or any("\n" in row[place] for place in places):
                break
            return used, row
    return 0, "a quote that is not closed"


def _fields(line: bytes, layout: Layout) -> list[str] | str:
    text = line.decode("utf-8", "surrogateescape")
    try:
        row = next(csv.reader([text], delimiter=layout.delimiter), [])
    except csv.Error as cause:
        return str(cause)
    width = len(layout.names)
    return row if len(row) == width else f"{len(row)} fields instead of {width}"


def _lines(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Each line with its end, and whether it is whole; of one too long, the beginning."""
    while line := stream.readline(_LINE):
        if len(line) < _LINE or line.endswith(b"\n"):
            yield line, True
            continue
        while (rest := stream.readline(_LINE)) and not rest.endswith(b"\n"):
            pass
        yield line[:SHOWN], False


def _lines_before_rows(head: bytes, comment: bytes | None) -> int:
    """Blank lines and comments at the beginning."""
    beginning = takewhile(
        lambda line: not line.strip() or (comment is not None and line.startswith(comment)),
        head.splitlines(),
    )
    return sum(1 for _ in beginning)
