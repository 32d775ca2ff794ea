"""Finished chunks: scored rows and rejected rows, each in a file, and a record that says so.

{work}/chunks/{number}.rows      Arrow, or text of the result's kind without what stands around it
{work}/chunks/{number}.rejects   Arrow; only where rows were rejected
{work}/chunks/{number}.json      the counts; written last: a chunk without it is not finished
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.batches.answers import TYPES, Answers
from switchyard.batches.texts import as_text
from switchyard.batches.writing import answer_texts, csv_lines, json_rows
from switchyard.inference.places import Place
from switchyard.inference.plans import Model, Plan
from switchyard.inference.reading import Piece, Unreadable
from switchyard.inference.results import Counts, added, counted

CHUNKS = "chunks"
REJECTED = ("source", "row", "problem", "text")
"""What comes before the input's columns in the file of rejected rows."""

_REJECTED_TYPES = (pa.large_string(), pa.int64(), pa.large_string(), pa.large_string())
_VALUE = "'[^']*' is "
"""The value in what is told of a cell of a table; without it, like problems count together."""

_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")


def part_name(plan: Plan, number: int, ending: str) -> str:
    """The name of a chunk's file below the target's place."""
    return f"{plan.work}/{CHUNKS}/{number:06}.{ending}"


def finished(place: Place, plan: Plan) -> set[int]:
    """The numbers of the chunks that are done."""
    names = place.names(f"{plan.work}/{CHUNKS}")
    return {int(name.removesuffix(".json")) for name in names if name.endswith(".json")}


def counts_of(place: Place, plan: Plan, number: int) -> Counts | None:
    """What came of a chunk; None when it is not finished."""
    kept = place.read(part_name(plan, number, "json"))
    return None if kept is None else Counts.of(json.loads(kept))


def scored_schema(plan: Plan) -> Any:
    """The columns of the result."""
    named = zip(plan.added, plan.model.adds, strict=True)
    fields = [pa.field(name, TYPES[own]) for name, own in named]
    return pa.schema([*plan.schema, *fields])


def rejected_schema(plan: Plan) -> Any:
    """The columns of the file of rejected rows."""
    fields = []
    for name, type_ in zip(REJECTED, _REJECTED_TYPES, strict=True):
        free = name
        while free in plan.schema.names:
            free = f"rejected_{free}"
        fields.append(pa.field(free, type_))
    return pa.schema([*fields, *plan.schema])


class PartWriter:
    """Writes chunks one after the other and tells of each that is finished.

    `close` leaves nothing of one that is not.
    """

    def __init__(
        self, place: Place, plan: Plan, on_finished: Callable[[int], None] = lambda _: None
    ) -> None:
        self._place, self._plan, self._tell = place, plan, on_finished
        self._schema, self._rejected = scored_schema(plan), rejected_schema(plan)
        self._kept = ExitStack()
        self._rows: Any = None
        self._rejects: Any = None
        self._counts: list[Counts] = []

    def write(self, piece: Piece, answers: Answers) -> None:
        """The rows of a piece with their answers; with the last one the chunk is finished."""
        rejected = pc.is_valid(answers.problems)
        if self._rows is None:
            self._rows = self._open(piece.chunk, "rows")
        self._write_scored(piece, answers, rejected)
        self._write_rejected(piece, answers, rejected)
        self._counts.append(_counted(piece, answers, self._plan.model))
        if piece.last:
            self._finish(piece.chunk)

    def close(self) -> None:
        """Drop what is unfinished."""
        dropped = _Dropped()
        self._kept.__exit__(type(dropped), dropped, None)

    def _finish(self, number: int) -> None:
        for writer in (self._rows, self._rejects):
            if isinstance(writer, pa.ipc.RecordBatchStreamWriter):
                writer.close()  # the end of the stream; the file is its opener's
        self._kept.close()
        with self._place.writing(part_name(self._plan, number, "json")) as file:
            file.write(orjson.dumps(added(self._counts).plain()))
        self._rows = self._rejects = None
        self._counts = []
        self._tell(number)

    def _open(self, number: int, ending: str) -> Any:
        name = part_name(self._plan, number, ending)
        stream = self._kept.enter_context(self._place.writing(name))
        if ending == "rejects":
            return pa.ipc.new_stream(stream, self._rejected, options=_LZ4)
        if self._plan.target.kind == "parquet":
            return pa.ipc.new_stream(stream, self._schema, options=_LZ4)
        return stream

    def _write_scored(self, piece: Piece, answers: Answers, rejected: Any) -> None:
        rows, columns = piece.rows, [answers.columns[own] for own in self._plan.model.adds]
        if answers.rejected:
            kept = pc.invert(rejected)
            rows, columns = rows.kept(kept), [column.filter(kept) for column in columns]
        match self._plan.target.kind:
            case "parquet":
                batch = [*rows.batch().columns, *columns]
                self._rows.write_batch(pa.RecordBatch.from_arrays(batch, schema=self._schema))
            case "csv":
                self._rows.write(_csv(rows.batch(), columns))
            case "jsonl":
                ended = json_rows(rows.objects(), self._plan.added, columns)
                self._rows.write(b"".join(row + b"\n" for row in ended))

    def _write_rejected(self, piece: Piece, answers: Answers, rejected: Any) -> None:
        if not (answers.rejected or piece.unreadable):
            return
        if self._rejects is None:
            self._rejects = self._open(piece.chunk, "rejects")
        source = self._plan.inputs.files[self._plan.chunks[piece.chunk].file].path
        batches = [_unreadable(piece.unreadable, source, self._rejected)]
        if answers.rejected:
            batch = piece.rows.kept(rejected).batch()
            told = [
                pa.repeat(pa.scalar(source, pa.large_string()), batch.num_rows),
                pa.array(piece.numbers + 1).filter(rejected),
                answers.problems.filter(rejected),
                pa.nulls(batch.num_rows, pa.large_string()),
            ]
            columns = [*told, *batch.columns]
            batches.append(pa.RecordBatch.from_arrays(columns, schema=self._rejected))
        for batch in batches:
            self._rejects.write_batch(batch)


class _Dropped(BaseException):
    """Tells streams that what they hold is not wanted."""


def _counted(piece: Piece, answers: Answers, model: Model) -> Counts:
    reasons: Counter[str] = Counter(each.problem for each in piece.unreadable)
    if answers.rejected:
        told = answers.problems.drop_null()
        if "warning" in answers.columns:
            told = pc.replace_substring_regex(told, _VALUE, "is ")
        reasons.update(told.to_pylist())
    unread = len(piece.unreadable)
    rows = len(piece.rows) + unread
    return counted(answers.columns, model.positive, rows, answers.rejected + unread, dict(reasons))


def _unreadable(rows: Sequence[Unreadable], source: str, schema: Any) -> Any:
    known = [
        pa.array([source] * len(rows), pa.large_string()),
        pa.array([each.number + 1 for each in rows], pa.int64()),
        pa.array([each.problem for each in rows], pa.large_string()),
        pa.array([each.text for each in rows], pa.large_string()),
    ]
    rest = [pa.nulls(len(rows), field.type) for field in list(schema)[len(known) :]]
    return pa.RecordBatch.from_arrays([*known, *rest], schema=schema)


def _csv(batch: Any, columns: Sequence[Any]) -> Any:
    texts = [
        as_text(column, name)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return csv_lines([*texts, *answer_texts(columns)])
