"""Rows of a plan's chunks, some at a time, with those apart that cannot be read at all."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any, BinaryIO, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from switchyard.batches.chunks import Chunk as Rows
from switchyard.batches.chunks import TableChunk
from switchyard.batches.columnar import ParquetReader
from switchyard.batches.objects import Instances, ObjectChunk
from switchyard.batches.texts import plain
from switchyard.errors import DataError
from switchyard.inference.inputs import naming, opened
from switchyard.inference.objects import is_document, told_apart
from switchyard.inference.plans import Chunk, Plan

PIECE = 50_000
"""Rows that are scored at once."""


class Unreadable(NamedTuple):
    """A row that is not of the file's form. number: in its file, from 0; text: as it stands."""

    number: int
    problem: str
    text: str


Part: TypeAlias = tuple[Rows, npt.NDArray[np.int64], Sequence[Unreadable]]
"""Rows, the number of each in its file, and what could not be read beside them."""


@dataclass(frozen=True)
class Piece:
    """Some rows of a chunk. numbers: of each row in its file, from 0; last: ends its chunk."""

    chunk: int
    rows: Rows
    numbers: npt.NDArray[np.int64]
    unreadable: Sequence[Unreadable]
    last: bool


def pieces(plan: Plan, chunks: Sequence[int]) -> Generator[Piece, None, None]:
    """The rows of these chunks in order; each chunk has at least one piece, and ends by one.

    DataError names the file that is not what the plan says.
    """
    with ExitStack() as kept:
        at, read = -1, None
        for number in chunks:
            chunk = plan.chunks[number]
            file = plan.inputs.files[chunk.file]
            with naming(file):
                if chunk.file != at or read is None:
                    kept.close()
                    at = chunk.file
                    read = _reader(plan, kept.enter_context(opened(plan.inputs.location, file)), at)
                yield from _pieces(number, chunk, read(chunk))


def _reader(plan: Plan, stream: BinaryIO, file: int) -> Callable[[Chunk], Iterator[Part]]:
    """What gives the rows of a chunk of this file."""
    kind = plan.inputs.files[file].kind
    if kind == "parquet":
        return ParquetParts(plan, stream).read
    return partial(_of_delimited if kind == "csv" else _of_objects, plan, stream)


def _pieces(number: int, chunk: Chunk, parts: Iterator[Part]) -> Iterator[Piece]:
    """One piece is held back, so that the last one is known."""
    seen = 0
    held: Part | None = None
    for part in parts:
        if held is not None:
            yield Piece(number, *held, last=False)
        held = part
        seen += len(part[0]) + len(part[2])
    if held is None or seen != chunk.rows:
        raise DataError(
            f"the file was changed while it was scored: {seen:,} rows instead of {chunk.rows:,} "
            f"from row {chunk.row + 1:,} on; run the same command again"
        )
    yield Piece(number, *held, last=True)


class ParquetParts:
    """Chunks of a Parquet file; one that follows on the last is read without searching for it."""

    def __init__(self, plan: Plan, stream: BinaryIO) -> None:
        stream.seek(0)
        self._schema = plan.schema
        self._reader = ParquetReader(stream)
        self._ends = list(accumulate(self._reader.groups))
        self._at = -1
        self._batches: Iterator[Any] = iter(())
        self._held: Any = None

    def read(self, chunk: Chunk) -> Iterator[Part]:
        """The rows of a chunk."""
        if self._at != chunk.start:
            self._go_to(chunk.start)
        while self._at < chunk.end:
            batch = self._taken(chunk.end - self._at)
            if batch is None:
                return
            numbers = np.arange(self._at - len(batch), self._at)
            yield TableChunk(aligned(batch, self._schema)), numbers, []

    def _go_to(self, row: int) -> None:
        """Begin with the row group that the row is in, and pass over those before it."""
        group = bisect_right(self._ends, row)
        groups = range(group, len(self._ends))
        self._batches = (each.batch() for each in self._reader.chunks(PIECE, groups))
        self._held, self._at = None, self._ends[group - 1] if group else 0
        while self._at < row and self._taken(row - self._at) is not None:
            pass

    def _taken(self, most: int) -> Any:
        """The next rows, None after the last one."""
        batch = self._held if self._held is not None else next(self._batches, None)
        if batch is None:
            return None
        self._held = batch.slice(most) if len(batch) > most else None
        batch = batch.slice(0, most)
        self._at += len(batch)
        return batch


def _of_delimited(plan: Plan, stream: BinaryIO, chunk: Chunk) -> Iterator[Part]:
    stream.seek(chunk.start)
    content = stream.read(chunk.end - chunk.start)
    names, delimiter = plan.names[chunk.file], plan.delimiters[chunk.file]
    unreadable: list[Unreadable] = []
    try:
        table = _parsed(content, names, delimiter, chunk, pa.string(), unreadable)
        bad = None
    except pa.ArrowInvalid:
        # Bytes that are no UTF-8, for which all is read again without looking at them.
        unreadable.clear()
        table = _parsed(content, names, delimiter, chunk, pa.binary(), unreadable)
        bad = _no_text(table)
    odd = np.array([each.number for each in unreadable], np.int64)
    numbers = np.setdiff1d(np.arange(chunk.row, chunk.row + chunk.rows), odd, True)
    if bad is not None:
        unreadable += [
            Unreadable(int(numbers[at]), "not UTF-8 text", _shown(table, at, delimiter))
            for at in np.flatnonzero(bad).tolist()
        ]
        table = table.filter(pa.array(~bad)).cast(pa.schema([(n, pa.string()) for n in names]))
        numbers = numbers[~bad] if len(bad) == len(numbers) else numbers
    for start in range(0, max(1, table.num_rows), PIECE):
        batch = _batch(table.slice(start, PIECE))
        rows = TableChunk(aligned(batch, plan.schema))
        yield rows, numbers[start : start + PIECE], unreadable if start == 0 else []


def _parsed(
    content: bytes,
    names: tuple[str, ...],
    delimiter: str,
    chunk: Chunk,
    kind: Any,
    unreadable: list[Unreadable],
) -> Any:
    def reject(row: Any) -> str:
        problem = f"has {row.actual_columns} fields instead of {row.expected_columns}"
        unreadable.append(Unreadable(chunk.row + row.number - 1, problem, row.text))
        return "skip"

    return arrow_csv.read_csv(
        pa.BufferReader(content),
        arrow_csv.ReadOptions(
            use_threads=False, column_names=names, block_size=max(1, len(content)) + 1
        ),
        arrow_csv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=True,
            ignore_empty_lines=len(names) > 1,
            invalid_row_handler=reject,
        ),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, kind), strings_can_be_null=False
        ),
    )


def _no_text(table: Any) -> npt.NDArray[np.bool_]:
    """Whether a row has bytes that are no UTF-8."""
    bad = np.zeros(table.num_rows, np.bool_)
    for column in table.columns:
        try:
            column.cast(pa.string())
        except pa.ArrowInvalid:
            bad |= np.array([not _is_utf8(value) for value in column.to_pylist()])
    return bad


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _shown(table: Any, at: int, delimiter: str) -> str:
    values = [column[at].as_py() for column in table.columns]
    return delimiter.join(value.decode("utf-8", "replace") for value in values)


def _of_objects(plan: Plan, stream: BinaryIO, chunk: Chunk) -> Iterator[Part]:
    if is_document(stream):
        raws = [raw for _, raw in Instances(stream)]
    else:
        stream.seek(chunk.start)
        lines = stream.read(chunk.end - chunk.start).split(b"\n")
        raws = [raw for line in lines if (raw := line.strip())]
    for start in range(0, len(raws), PIECE):
        rows, odd = told_apart(raws[start : start + PIECE])
        first = chunk.row + start
        unreadable = [
            Unreadable(first + number, problem, raw.decode("utf-8", "replace"))
            for number, problem, raw in odd
        ]
        numbers = first + np.array([number for number, _, _ in rows], np.int64)
        objects = ObjectChunk([raw for *_, raw in rows], [row for _, row, _ in rows], plan.schema)
        yield objects, numbers, unreadable


def aligned(batch: Any, schema: Any) -> Any:
    """The batch with the plan's columns: their order, their types, null where it has none.

    DataError when a value does not go into the type that the column has in other files.
    """
    if batch.schema.equals(schema):
        return batch
    columns = []
    for field in schema:
        at = batch.schema.get_field_index(field.name)
        if at < 0:
            columns.append(pa.nulls(batch.num_rows, field.type))
            continue
        try:
            columns.append(plain(batch.column(at)).cast(field.type))
        except pa.ArrowException as cause:
            raise DataError(f"column '{field.name}' cannot become {field.type}: {cause}") from cause
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _batch(table: Any) -> Any:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)
