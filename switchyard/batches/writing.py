"""Results written chunk by chunk: the input's columns, and the four that are added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Protocol

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


def writer_of(kind: Kind, target: BinaryIO, schema: pa.Schema, added: Sequence[str]) -> Writer:
    """A writer of that kind. schema: the input's columns; added: the names of the answers'."""
    match kind:
        case "csv":
            return CsvWriter(target, [*schema.names, *added])
        case "parquet":
            fields = [pa.field(name, type_) for name, type_ in zip(added, TYPES, strict=True)]
            return ParquetWriter(target, pa.schema([*schema, *fields]))
        case "json":
            return JsonWriter(target, added, b'{"instances":[\n', b",\n", b"\n]}\n")
    return JsonWriter(target, added, b"", b"\n", b"\n")


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
        labels, _, version, problems = answers.columns()
        scores = pa.array(answers.score_texts(), pa.large_binary()).cast(pa.large_string())
        scores = pc.if_else(pc.is_valid(problems), pa.scalar("", pa.large_string()), scores)
        self._target.write(csv_lines([*columns, labels, scores, version, problems]))

    def finish(self) -> None:
        """A CSV file ends with its last row."""


class ParquetWriter:
    """Parquet with the input's types, one row group a chunk."""

    def __init__(self, target: BinaryIO, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(target, schema, compression="zstd")

    def write(self, chunk: Chunk, answers: Answers) -> None:
        arrays = [*chunk.batch().columns, *answers.columns()]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))

    def finish(self) -> None:
        self._writer.close()


class JsonWriter:
    """Each row's object as it came, with the answers at its end."""

    def __init__(
        self, target: BinaryIO, added: Sequence[str], begin: bytes, between: bytes, end: bytes
    ) -> None:
        self._target = target
        self._keys = [orjson.dumps(name) for name in added]
        self._before, self._between, self._end = begin, between, end

    def write(self, chunk: Chunk, answers: Answers) -> None:
        rows = [
            row[:-1] + (answer if row[1:-1].strip() else answer[1:])
            for row, answer in zip(chunk.objects(), self._answers(answers), strict=True)
        ]
        self._target.write(self._before + self._between.join(rows))
        self._before = self._between

    def finish(self) -> None:
        self._target.write(self._end)

    def _answers(self, answers: Answers) -> list[bytes]:
        """Each answer as the end of an object, with the comma before it."""
        label, score, version, problem = self._keys
        head = b"," + label + b":"
        middle = b"," + score + b":"
        tail = b"," + version + b":" + orjson.dumps(answers.version) + b"," + problem + b":"
        return [
            b"".join((head, said, middle, number, tail, wrong, b"}"))
            for said, number, wrong in zip(
                _as_json(answers.labels),
                answers.score_texts(),
                _as_json(answers.problems),
                strict=True,
            )
        ]


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


def _quoted(column: pa.LargeStringArray) -> pa.LargeStringArray:
    needing = pc.match_substring_regex(column, _TO_QUOTE)
    if not pc.any(needing).as_py():
        return column
    mark, nothing = pa.scalar('"', pa.large_string()), pa.scalar("", pa.large_string())
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(needing, pc.binary_join_element_wise(mark, doubled, mark, nothing), column)
