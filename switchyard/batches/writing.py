"""Results written chunk by chunk: the input's columns, and those that are added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO, Protocol

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from switchyard.batches.answers import TYPES, Answers
from switchyard.batches.chunks import Chunk
from switchyard.batches.kinds import Kind
from switchyard.batches.texts import as_text

_TO_QUOTE = '[",\r\n]'


class Writer(Protocol):
    """Writes a result to a stream, which stays its opener's to close."""

    def write(self, chunk: Chunk, answers: Answers) -> None:
        """The rows of a chunk with their answers."""
        ...

    def finish(self) -> None:
        """What comes after the last row."""
        ...


def writer_of(kind: Kind, target: BinaryIO, schema: pa.Schema, added: Mapping[str, str]) -> Writer:
    """A writer of that kind. schema: the input's columns.

    added: what the answers' columns are called in the result, and their own names.
    """
    names = tuple(added)
    match kind:
        case "csv":
            return CsvWriter(target, [*schema.names, *names])
        case "parquet":
            fields = [pa.field(name, TYPES[own]) for name, own in added.items()]
            return ParquetWriter(target, pa.schema([*schema, *fields]))
        case "json":
            return JsonWriter(target, names, b'{"instances":[\n', b",\n", b"\n]}\n")
    return JsonWriter(target, names, b"", b"\n", b"\n")


class CsvWriter:
    """UTF-8, commas, a header, line feeds; quotes only where a value needs them; null is empty.

    Values are written as they are: one that begins with `=` is a formula to a spreadsheet.
    """

    def __init__(self, target: BinaryIO, names: Sequence[str]) -> None:
        self._target = target
        header = [pa.array([name], pa.large_string()) for name in names]
        self._target.write(csv_lines(header))

    def write(self, chunk: Chunk, answers: Answers) -> None:
        batch = chunk.batch()
        columns = [
            as_text(column, name)
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        self._target.write(csv_lines([*columns, *answer_texts(answers.columns.values())]))

    def finish(self) -> None:
        """A CSV file ends with its last row."""


class ParquetWriter:
    """Parquet with the input's types, one row group a chunk."""

    def __init__(self, target: BinaryIO, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(target, schema, compression="zstd")

    def write(self, chunk: Chunk, answers: Answers) -> None:
        arrays = [*chunk.batch().columns, *answers.columns.values()]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))

    def finish(self) -> None:
        self._writer.close()


class JsonWriter:
    """Each row's object as it came, with the answers at its end."""

    def __init__(
        self, target: BinaryIO, added: Sequence[str], begin: bytes, between: bytes, end: bytes
    ) -> None:
        self._target, self._added = target, added
        self._before, self._between, self._end = begin, between, end

    def write(self, chunk: Chunk, answers: Answers) -> None:
        rows = json_rows(chunk.objects(), self._added, answers.columns.values())
        self._target.write(self._before + self._between.join(rows))
        self._before = self._between

    def finish(self) -> None:
        self._target.write(self._end)


def answer_texts(columns: Iterable[Any]) -> list[Any]:
    """Columns of answers as large strings; numbers as `/predict` writes them, null is empty."""
    return [
        pa.array(_written(column, b""), pa.large_binary()).cast(pa.large_string())
        if pa.types.is_floating(column.type)
        else column
        for column in columns
    ]


def json_rows(
    objects: Sequence[bytes], names: Sequence[str], columns: Iterable[Any]
) -> list[bytes]:
    """Each object as it came, with its answers, which have these names, at its end."""
    keys = (orjson.dumps(name).replace(b"%", b"%%") for name in names)
    end = b"".join(b",%b:%%b" % key for key in keys) + b"}"
    values = (
        _written(column, b"null") if pa.types.is_floating(column.type) else _as_json(column)
        for column in columns
    )
    return [
        row[:-1] + (answer if row[1:-1].strip() else answer[1:])
        for row, answer in zip(objects, map(end.__mod__, zip(*values, strict=True)), strict=True)
    ]


def _written(numbers: pa.DoubleArray, nothing: bytes) -> list[bytes]:
    """The numbers as `/predict` writes them, each of which reads back equal; null as `nothing`."""
    if not len(numbers):
        return []
    dense = np.ascontiguousarray(numbers.to_numpy(zero_copy_only=False))
    written = orjson.dumps(dense, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    return (
        [nothing if text == b"null" else text for text in written]
        if numbers.null_count
        else written
    )


def _as_json(texts: pa.LargeStringArray) -> list[bytes]:
    """Each text as JSON; there are few different ones."""
    coded = texts.dictionary_encode()
    written = [orjson.dumps(text) for text in coded.dictionary.to_pylist()]
    return [b"null" if at is None else written[at] for at in coded.indices.to_pylist()]


def csv_lines(columns: Sequence[Any]) -> Any:
    """The rows as lines of CSV, in one buffer."""
    cells = [_quoted(column.fill_null("")) for column in columns]
    mark, end, nothing = (pa.scalar(text, pa.large_string()) for text in (",", "\n", ""))
    rows = pc.binary_join_element_wise(*cells, mark)
    lines = pc.binary_join_element_wise(rows, end, nothing)
    whole = pc.binary_join(pa.LargeListArray.from_arrays([0, len(lines)], lines), nothing)
    return whole.buffers()[2]


def _letters(column: pa.LargeStringArray) -> bytes:
    """All values of the column, one after the other."""
    _, offsets, letters = column.buffers()
    if letters is None:
        return b""
    ends = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    return bytes(memoryview(letters)[ends[0] : ends[-1]])


def _quoted(column: pa.LargeStringArray) -> pa.LargeStringArray:
    letters = _letters(column)
    if not any(mark in letters for mark in (b'"', b",", b"\r", b"\n")):
        return column  # as columns of numbers are; this look costs far less than one at each value
    needing = pc.match_substring_regex(column, _TO_QUOTE)
    mark, nothing = pa.scalar('"', pa.large_string()), pa.scalar("", pa.large_string())
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(needing, pc.binary_join_element_wise(mark, doubled, mark, nothing), column)
