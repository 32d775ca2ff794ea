"""A file of rows becomes a file of rows with answers, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from switchyard.batches.answers import added_by, added_names, answer
from switchyard.batches.chunks import Reader, no_rows, require_columns
from switchyard.batches.kinds import Kind
from switchyard.batches.texts import require_writable
from switchyard.batches.typed import require_fitting
from switchyard.errors import DataError
from switchyard.serving.predictor import Predictor

CHUNK_ROWS = 50_000

_OTHERS = (
    (b"PAR1", "Parquet; send it as application/vnd.apache.parquet"),
    (b"\x1f\x8b", "gzip-compressed; unpack it"),
    (b"PK\x03\x04", "an Office or zip file; save the sheet as CSV"),
    (b"\xff\xfe", "UTF-16 text; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text; save it as UTF-8"),
)


@dataclass(frozen=True)
class Totals:
    """How many rows a file had, and how many of them could not be scored."""

    rows: int
    rejected: int


def nothing(*_: int) -> None:
    """Takes notice of nothing."""


def score_file(
    source: BinaryIO,
    kind: Kind,
    target: BinaryIO,
    target_kind: Kind,
    predictor: Predictor,
    *,
    on_progress: Callable[[int, int], None] = nothing,
    on_rows: Callable[[int], None] = nothing,
    chunk_rows: int = CHUNK_ROWS,
) -> Totals:
    """Score the rows of `source` into `target`, in their order and with all their columns.

    The scores are bit for bit those of `Predictor.score`. A row that cannot be scored has a
    problem and no answer. source: seekable, read from its start. on_progress: called after each
    chunk with the rows done and rejected so far, and while the file is opened, and may raise to
    stop; on_rows: called once with the number of rows, if the kind tells it beforehand.
    DataError when the file cannot be read; OSError of either stream passes through.
    """
    types = {name: each.type for name, each in predictor.manifest.inputs.items()}
    inputs = tuple(types)
    reader = open_reader(source, kind, inputs, lambda: on_progress(0, 0))
    if reader.rows == 0:
        raise no_rows()
    require_columns(reader.schema.names, inputs)
    if kind == "parquet":
        require_fitting(reader.schema, types)
    if target_kind != kind:
        require_writable(reader.schema, target_kind)
    if reader.rows is not None:
        on_rows(reader.rows)

    from switchyard.batches.writing import writer_of

    own = added_by(predictor.manifest)
    added = dict(zip(added_names(reader.schema.names, own), own, strict=True))
    writer = writer_of(target_kind, target, reader.schema, added)
    rows = rejected = 0
    for chunk in reader.chunks(chunk_rows):
        answers = answer(chunk, predictor)
        writer.write(chunk, answers)
        rows += len(chunk)
        rejected += answers.rejected
        on_progress(rows, rejected)
    if not rows:
        raise no_rows()
    writer.finish()
    return Totals(rows, rejected)


def open_reader(
    source: BinaryIO,
    kind: Kind,
    wanted: tuple[str, ...],
    on_look: Callable[[], object] = nothing,
) -> Reader:
    """Open a file of that kind; `wanted` columns help to tell the delimiter of CSV.

    on_look: called now and then while a file is read through to be opened; may raise to stop.
    """
    source.seek(0)
    head = source.read(1024)
    if not head.strip():
        raise no_rows()
    if kind == "parquet":
        from switchyard.batches.columnar import ParquetReader

        source.seek(0)
        return ParquetReader(source)
    refuse_others(head, kind)
    if kind == "csv":
        from switchyard.batches.delimited import CsvReader

        return CsvReader(source, wanted)
    from switchyard.batches.objects import Instances, Lines, ObjectReader

    return ObjectReader(Instances(source) if kind == "json" else Lines(source), wanted, on_look)


def refuse_others(head: bytes, kind: Kind) -> None:
    """DataError when a file that begins so is none of that kind of text."""
    other = next((what for mark, what in _OTHERS if head.startswith(mark)), None)
    if other is None and b"\0" in head:
        other = "binary, not text"
    if other:
        raise DataError(f"the file is not {kind} but {other}")
