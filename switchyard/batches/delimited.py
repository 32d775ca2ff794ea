"""CSV in blocks: all columns stay text, rows keep their order, faults are named by their line."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import csv as arrow_csv

from switchyard.batches.chunks import TableChunk, no_rows, refuse_repeated, require_columns
from switchyard.errors import DataError

BLOCK = 1 << 22
"""Bytes that are read at a time; no row may be longer."""

_HEAD = 1 << 20
"""Bytes that a header may have."""

_DELIMITERS = (",", ";", "\t", "|")


class CsvReader:
    """A CSV file with a header. Its delimiter is the one that makes most wanted columns appear.

    Blank lines are no rows, but in a file of one column they are: there they are empty values.
    """

    rows: int | None = None

    def __init__(self, source: BinaryIO, wanted: tuple[str, ...]) -> None:
        self._source = source
        self._delimiter, names = recognise(source, wanted)
        self._width = len(names)
        self._reader, self._bytes = self._open()
        held = self._reader.schema
        called = _named(held.names, wanted)
        self.schema: Any = pa.schema(list(zip(called, held.types, strict=True)))

    def chunks(self, most: int) -> Iterator[TableChunk]:
        read = 0
        while True:
            try:
                batch = self._reader.read_next_batch()
            except StopIteration:
                break
            except pa.ArrowInvalid as cause:
                raise self._explained(cause, read) from cause
            read += batch.num_rows
            for start in range(0, batch.num_rows, most):
                part = batch.slice(start, most)
                yield TableChunk(pa.RecordBatch.from_arrays(part.columns, schema=self.schema))
        if self._bytes.quotes % 2:
            self._refuse_open_quote()

    def _open(self) -> tuple[Any, _Counted]:
        counted = _Counted(self._source)
        try:
            reader = arrow_csv.open_csv(
                pa.PythonFile(counted, "r"),
                arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK),
                arrow_csv.ParseOptions(
                    delimiter=self._delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=self._width > 1,
                ),
                arrow_csv.ConvertOptions(
                    default_column_type=pa.string(), strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid as cause:
            raise self._explained(cause, 0) from cause
        return reader, counted

    def _explained(self, cause: Exception, read: int) -> DataError:
        """The error that says on which line the fault is, for which the file is read again."""
        line = _line_that_is_no_text(self._source)
        if line is not None:
            return DataError(f"line {line:,} is not UTF-8 text; save the file as UTF-8")
        if "Empty CSV" in str(cause):
            return no_rows()
        if "straddling" in str(cause):
            return DataError(
                f"a row after row {read:,} is longer than {BLOCK >> 20} MB; is there a quote that "
                "is not closed?"
            )
        found = self._misfit()
        if found is not None:
            line, fields = found
            return DataError(
                f"line {line:,} has {fields} fields instead of {self._width}; put values that "
                "contain the delimiter or line breaks in quotes"
            )
        return DataError(f"the file is not CSV: {cause}")

    def _misfit(self) -> tuple[int, int] | None:
        """The first line whose number of fields is not the header's, and that number."""
        records = csv.reader(_lines(self._source), delimiter=self._delimiter)
        before = 0
        try:
            for record in records:
                if record and len(record) != self._width:
                    return before + 1, len(record)
                before = records.line_num
        except csv.Error:
            return None
        return None

    def _refuse_open_quote(self) -> None:
        """DataError if the file ends within quotes: then its last row is not as it was meant."""
        records = csv.reader(_lines(self._source), delimiter=self._delimiter, strict=True)
        before = 0
        try:
            for _ in records:
                before = records.line_num
        except csv.Error as cause:
            if "unexpected end" in str(cause) or "larger than field limit" in str(cause):
                raise DataError(
                    f"a quote is opened on line {before + 1:,} and never closed; is the file whole?"
                ) from cause


def recognise(source: BinaryIO, wanted: tuple[str, ...]) -> tuple[str, list[str]]:
    """The delimiter that makes most wanted columns appear, and the header's names.

    Blanks around a name are dropped where it is a wanted one, as training drops them.
    DataError when one is missing or stands twice.
    """
    text = _beginning(source)
    headers = {mark: _named(_header(text, mark), wanted) for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: len(set(wanted) & set(headers[mark])))
    names = headers[delimiter]
    require_columns(names, wanted)
    refuse_repeated(names)
    return delimiter, names


class _Counted:
    """A stream as arrow reads it, with the quotes in it counted on the way."""

    closed = False

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._source.seek(0)
        self.quotes = 0

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self.quotes += block.count(b'"')
        return block

    def close(self) -> None:
        """The source is its opener's to close."""


def _beginning(source: BinaryIO) -> str:
    source.seek(0)
    return source.read(_HEAD).removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")


def _header(text: str, delimiter: str) -> list[str]:
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return next((row for row in rows if row), [])
    except csv.Error:
        return []


def _named(header: list[str], wanted: tuple[str, ...]) -> list[str]:
    lacking = set(wanted) - set(header)
    return [name.strip() if name.strip() in lacking else name for name in header]


def _line_that_is_no_text(source: BinaryIO) -> int | None:
    source.seek(0)
    number = 0
    while line := source.readline(BLOCK):
        number += 1
        try:
            line.decode()
        except UnicodeDecodeError:
            return number
    return None


def _lines(source: BinaryIO) -> Iterator[str]:
    source.seek(0)
    source.seek(len(codecs.BOM_UTF8) if source.read(3) == codecs.BOM_UTF8 else 0)
    while line := source.readline(BLOCK):
        yield line.decode("utf-8", "replace")
