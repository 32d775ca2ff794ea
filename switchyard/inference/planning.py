"""Makes the plan: every input is looked at once, so that chunks are known before any is scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa

from switchyard.batches.answers import added_names
from switchyard.batches.chunks import no_rows, refuse_repeated, require_columns
from switchyard.batches.kinds import Kind
from switchyard.batches.scoring import refuse_others
from switchyard.batches.texts import require_writable
from switchyard.batches.typed import require_fitting
from switchyard.data.sources import shown
from switchyard.errors import DataError, RequestError
from switchyard.inference.claims import LOCK
from switchyard.inference.inputs import InputFile, Inputs, find_inputs, naming, opened
from switchyard.inference.places import Place
from switchyard.inference.plans import (
    Chunk,
    Model,
    Plan,
    Target,
    digest_of,
    joined_schema,
    refuse_target_among,
    target_of,
    without_own,
    work_folder,
)

PLAN = "plan.json"

Report = Callable[[int, int | None, str], None]


class Span(NamedTuple):
    """A chunk of a file that has no number yet."""

    start: int
    end: int
    row: int
    rows: int


@dataclass(frozen=True)
class Sight:
    """What one look at a file found."""

    schema: Any
    spans: list[Span]
    delimiter: str = ""


def make_plan(
    source: str, output: str, model: Model, chunk_rows: int, report: Report = lambda *_: None
) -> Plan:
    """Plan the scoring of `source` into `output`, or find the plan of an unfinished run.

    A plan for another input or model is dropped with all its chunks, and the notes say so.
    RequestError and DataError as of what is wrong with the input; PlatformError of the place.
    """
    target = target_of(output)
    place = target.place()
    inputs = find_inputs(source)
    if place.names(work_folder(target)) - {LOCK}:
        inputs = without_own(inputs, target)  # what a killed run wrote below its own input
    refuse_target_among(inputs, target)
    digest = digest_of(inputs, target, model, {"chunk_rows": chunk_rows})
    work = f"{work_folder(target)}/{digest[:16]}"
    kept = place.read(f"{work}/{PLAN}")
    if kept is not None:
        return Plan.loads(kept)
    if target.is_folder and place.names(target.name):
        raise RequestError(
            f"--output '{shown(output)}' is a folder with files in it; name another, or empty it"
        )
    notes = _drop_other_plans(place, target)
    if inputs.ignored:
        notes.append(f"{inputs.ignored:,} files of other kinds were left out")
    plan = _planned(inputs, target, model, digest, chunk_rows, report, tuple(notes))
    with place.writing(f"{work}/{PLAN}") as file:
        file.write(plan.dumps())
    return plan


def open_plan(output: str, digest: str) -> Plan:
    """The plan that `make_plan` kept; DataError when it is gone."""
    target = target_of(output)
    kept = target.place().read(f"{work_folder(target)}/{digest[:16]}/{PLAN}")
    if kept is None:
        raise DataError(
            f"the unfinished work for '{output}' is gone: another run has finished or replaced it; "
            "run the same command again if its output is not what you want"
        )
    return Plan.loads(kept)


def _drop_other_plans(place: Place, target: Target) -> list[str]:
    others = place.names(work_folder(target)) - {LOCK}
    for name in others:
        place.remove(f"{work_folder(target)}/{name}")
    said = "the input, the model or a setting changed since the unfinished run: starting over"
    return [said] if others else []


def _planned(
    inputs: Inputs,
    target: Target,
    model: Model,
    digest: str,
    chunk_rows: int,
    report: Report,
    notes: tuple[str, ...],
) -> Plan:
    sights = []
    for number, file in enumerate(inputs.files):
        report(number, len(inputs.files), file.path)
        with opened(inputs.location, file) as stream, naming(file):
            sights.append(look(stream, file, model.types, chunk_rows))
    paths = [file.path for file in inputs.files]
    schema = joined_schema([sight.schema for sight in sights], paths, model.types)
    if target.kind != "parquet":
        require_writable(schema, target.kind)
    chunks = tuple(
        Chunk(number, *span) for number, sight in enumerate(sights) for span in sight.spans
    )
    if not chunks:
        what = f"'{paths[0]}'" if len(paths) == 1 else f"the {len(paths):,} files"
        raise DataError(f"{what}: {no_rows()}")
    return Plan(
        digest,
        inputs,
        target,
        model,
        chunks,
        tuple(sight.delimiter for sight in sights),
        tuple(tuple(sight.schema.names) for sight in sights),
        schema,
        added_names(schema.names, model.adds),
        notes,
    )


def look(stream: BinaryIO, file: InputFile, types: Mapping[str, str], chunk_rows: int) -> Sight:
    """The columns and chunks of a file; DataError when it is not what its name says.

    types: the columns that it must have, and the types of the inputs that they are for.
    """
    wanted = tuple(types)
    stream.seek(0)
    head = stream.read(1024)
    if not head:
        raise DataError("the file is empty; give a file with rows")
    if file.kind == "parquet":
        return _look_at_parquet(stream, types, chunk_rows)
    refuse_others(head, file.kind)
    if not head.strip():
        raise DataError("the file holds nothing but white space; give a file with rows")
    if file.kind == "csv":
        return _look_at_delimited(stream, wanted, chunk_rows)
    return _look_at_objects(stream, file.kind, wanted, chunk_rows)


def _look_at_parquet(stream: BinaryIO, types: Mapping[str, str], chunk_rows: int) -> Sight:
    from switchyard.batches.columnar import ParquetReader

    stream.seek(0)
    reader = ParquetReader(stream)
    require_columns(reader.schema.names, tuple(types))
    require_fitting(reader.schema, types)
    total = sum(reader.groups)
    starts = range(0, total, chunk_rows)
    spans = [
        Span(at, min(at + chunk_rows, total), at, min(chunk_rows, total - at)) for at in starts
    ]
    return Sight(reader.schema, spans)


def _look_at_delimited(stream: BinaryIO, wanted: tuple[str, ...], chunk_rows: int) -> Sight:
    from switchyard.batches.delimited import recognise
    from switchyard.inference.records import cuts

    delimiter, names = recognise(stream, wanted)
    schema = pa.schema([(name, pa.string()) for name in names])
    found = cuts(stream, delimiter, blank_counts=len(names) == 1, records=chunk_rows)
    return Sight(schema, [Span(*cut) for cut in found], delimiter)


def _look_at_objects(
    stream: BinaryIO, kind: Kind, wanted: tuple[str, ...], chunk_rows: int
) -> Sight:
    from switchyard.batches.columns import Columns
    from switchyard.inference.objects import is_document, numbered_lines, sighted

    columns = Columns(len(wanted))
    if kind == "json" and is_document(stream):
        from switchyard.batches.objects import Instances

        raws = [raw for _, raw in Instances(stream)]
        stream.seek(0, 2)
        spans = [Span(0, stream.tell(), 0, len(raws))] if raws else []
        sighted(raws, columns)
    else:
        spans = list(_spans(numbered_lines(stream), columns, chunk_rows))
    schema = columns.schema()
    if spans:
        require_columns(schema.names, wanted)
    refuse_repeated(schema.names)
    return Sight(schema, spans)


def _spans(lines: Iterator[tuple[int, bytes]], columns: Any, chunk_rows: int) -> Iterator[Span]:
    from switchyard.inference.objects import sighted
    from switchyard.inference.records import CUT_BYTES

    start = end = row = rows = 0
    for begin, line in lines:
        if rows and (rows >= chunk_rows or begin - start >= CUT_BYTES):
            yield Span(start, end, row, rows)
            start, row, rows = begin, row + rows, 0
        end = begin + len(line)
        if raw := line.strip():
            sighted([raw], columns)
            rows += 1
    if rows:
        yield Span(start, end, row, rows)
