"""A whole table as text, from a file of which nothing is known yet."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from switchyard.data.json_rows import first_keys
from switchyard.data.layouts import DELIMITERS, Form, Layout
from switchyard.data.opening import Opening, look
from switchyard.data.parquet import column_names
from switchyard.data.reading import read_tables
from switchyard.errors import DataError
from switchyard.tables.casting import NUMBER, as_text

_LINES = 200
_LONGEST = 1 << 24
_ALIKE = 0.9
MOST_UNREAD = 0.05
"""Of more rows that cannot be read, the file has to be mended first."""


@dataclass(frozen=True)
class Peeked:
    """Columns by name as text without surrounding blanks, '' where a value is missing.

    named: columns in order, where the file itself has no header; broken: columns whose cells hold
    line breaks, which are not read; unread: rows that cannot be read, and why.
    """

    columns: dict[str, pa.LargeStringArray]
    rows: int
    form: Form
    delimiter: str = ","
    named: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    unread: tuple[int, str] = (0, "")


def peek(path: Path, target: str, named: Sequence[str] = ()) -> Peeked:
    """The table in a file. DataError naming what is wrong with the file, and the fix.

    target: a column that the person knows of; named: the columns in order, of a file without header
    """
    opening = look(path)
    layout = _layout(opening, target, tuple(named))
    _check_names(opening, layout.names)
    wanted = tuple(name for name in layout.names if name)
    broken: tuple[str, ...] = ()
    if layout.form == "delimited":
        broken = tuple(name for name in _broken(opening, layout) if name != target)
        wanted = tuple(name for name in wanted if name not in broken)
    read = Layout(
        "table",
        layout.form,
        inputs=wanted,
        delimiter=layout.delimiter,
        names=layout.names,
        header=layout.header,
    )
    table, rejects = read_tables(opening, read)
    if not table.num_rows and not (rejects is not None and rejects.num_rows):
        raise DataError(f"'{path}' has a header and no rows; give a file with rows")
    return Peeked(
        columns={name: as_text(table[name]) for name in wanted},
        rows=table.num_rows,
        form=layout.form,
        delimiter=layout.delimiter,
        named=() if layout.header else layout.names,
        broken=broken,
        unread=_unread(path, table.num_rows, rejects),
    )


def _layout(opening: Opening, target: str, named: tuple[str, ...]) -> Layout:
    start = opening.head.lstrip()[:1]
    if opening.is_parquet:
        return Layout("table", "parquet", names=column_names(opening.path))
    if start == b"{":
        return Layout("table", "json-lines", names=first_keys(opening))
    if start == b"[":
        return Layout("table", "json", names=_keys(opening))
    lines = {mark: _lines(opening, mark) for mark in DELIMITERS}
    mark = max(DELIMITERS, key=lambda each: _fit(lines[each], target, named))
    first, *others = lines[mark]
    if named:
        if len(first) != len(named):
            raise DataError(
                f"'{opening.path}': its lines have {len(first):,} fields, --columns names "
                f"{len(named):,}; name all of them, in order"
            )
        return Layout("table", "delimited", names=named, header=False, delimiter=mark)
    names = tuple(name.strip() for name in first)
    if target not in names and _is_headless(first, others):
        raise DataError(
            f"'{opening.path}' seems to have no header line: it begins with "
            f"{', '.join(repr(value[:30]) for value in first[:8])}. Name its {len(first):,} "
            "columns in order, as in --columns a,b,c, or add a line with their names"
        )
    return Layout("table", "delimited", names=names, delimiter=mark)


def _lines(opening: Opening, mark: str) -> list[list[str]]:
    """The fields of the first lines, cut by this delimiter; blank lines and a cut one left out."""
    head = opening.head.decode("utf-8", "replace")
    whole = head if len(opening.head) < 1 << 15 else head.rpartition("\n")[0] or head
    try:
        rows = [row for _, row in zip(range(_LINES), _parsed(whole, mark), strict=False) if row]
    except csv.Error as cause:
        raise DataError(f"'{opening.path}' cannot be cut into fields ({cause})") from cause
    return rows or [[""]]


def _parsed(text: str, mark: str) -> Iterator[list[str]]:
    """The fields of each line; the limit of a field's length is the whole process's."""
    before = csv.field_size_limit(_LONGEST)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    finally:
        csv.field_size_limit(before)


def _fit(
    lines: list[list[str]], target: str, named: tuple[str, ...]
) -> tuple[bool, bool, bool, int]:
    """How well a delimiter cuts: a known name, the width asked for, lines of one width, width."""
    names = [name.strip() for name in lines[0]]
    width, most = Counter(map(len, lines)).most_common(1)[0]
    even = most >= _ALIKE * len(lines) and width > 1
    return target in names and len(names) > 1, len(names) == len(named), even, len(names)


def _is_headless(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether the first line looks like the lines below it."""
    numeric, against, recurring, text = 0, 0, 0, 0
    for at, value in enumerate(first):
        below = [row[at].strip() for row in others if at < len(row) and row[at].strip()]
        if not below:
            continue
        many = sum(_is_number(each) for each in below) >= _ALIKE * len(below)
        if many and value.strip():
            numeric += _is_number(value.strip())
            against += not _is_number(value.strip())
        elif value.strip():
            text += 1
            recurring += value.strip() in below
    return against == 0 and (numeric > 0 or (text > 0 and recurring * 2 > text))


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def _keys(opening: Opening) -> tuple[str, ...]:
    with opening.stream() as stream:
        content = stream.read()
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError) as cause:
        raise DataError(f"'{opening.path}' is no whole JSON document ({cause})") from cause
    objects = [entry for entry in entries if isinstance(entry, dict)]
    if not objects:
        raise DataError(f"'{opening.path}' holds no objects; give an array of objects with rows")
    return tuple(dict.fromkeys(key for entry in objects for key in entry))


def _check_names(opening: Opening, names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise DataError(
            f"'{opening.path}' has two columns '{twice[0][:60]}'"
            + (f", and {len(twice) - 1:,} more names stand twice" if twice[1:] else "")
            + "; rename them"
        )
    if any("\n" in name or "\r" in name for name in names):
        raise DataError(f"'{opening.path}': a name in its header has a line break; rename it")
    if any("�" in name for name in names):
        raise _no_utf8(opening.path, "its header")
    if sum(map(bool, names)) < 2:
        raise DataError(
            f"'{opening.path}' has one column, {names[0][:60]!r}: the target is predicted from at "
            "least one more. Columns are cut at , ; | or tabs"
        )


def _broken(opening: Opening, layout: Layout) -> tuple[str, ...]:
    """The columns with line breaks in their cells, if the beginning of the file has such."""
    if b'"' not in opening.head:
        return ()
    lines = _lines(opening, layout.delimiter)
    if not any("\n" in value for row in lines for value in row):
        return ()
    parse = arrow_csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True)
    places = [str(at) for at in range(len(layout.names))]
    options = arrow_csv.ReadOptions(column_names=places, skip_rows=int(layout.header))
    convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(places, pa.large_binary()))
    try:
        with opening.stream() as stream:
            table = arrow_csv.read_csv(stream, options, parse, convert)
    except pa.ArrowInvalid:
        return ()
    return tuple(
        name
        for name, column in zip(layout.names, table.columns, strict=True)
        if pc.any(pc.match_substring(column, "\n")).as_py()
    )


def _unread(path: Path, rows: int, rejects: pa.Table | None) -> tuple[int, str]:
    """How many rows cannot be read and the main reason; DataError if these are too many."""
    if rejects is None or not rejects.num_rows:
        return 0, ""
    reasons = Counter(rejects["reason"].to_pylist()).most_common(1)[0][0]
    first = rejects["row"][0].as_py()
    told = f"{reasons}, first in row {first}"
    if rejects.num_rows > MOST_UNREAD * (rows + rejects.num_rows):
        if "UTF-8" in reasons:
            raise _no_utf8(path, f"{rejects.num_rows:,} rows, the first is row {first}")
        raise DataError(
            f"'{path}': {rejects.num_rows:,} of {rows + rejects.num_rows:,} rows cannot be read "
            f"({told}); mend the file"
        )
    return rejects.num_rows, told


def _no_utf8(path: Path, where: str) -> DataError:
    return DataError(
        f"'{path}' is not UTF-8 ({where}); convert it, as by "
        "iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"
    )
