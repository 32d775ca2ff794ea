"""Finished chunks become the result, which takes its name when all of it is there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from queue import Queue
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from switchyard.batches.texts import as_objects, as_text, is_text
from switchyard.batches.writing import csv_lines
from switchyard.errors import DataError
from switchyard.inference.ahead import read_ahead
from switchyard.inference.inputs import refuse_changed
from switchyard.inference.parts import (
    counts_of,
    finished,
    part_name,
    rejected_schema,
    scored_schema,
)
from switchyard.inference.places import Place
from switchyard.inference.planning import Report
from switchyard.inference.plans import Plan, work_folder
from switchyard.inference.results import Counts, Outcome, added

DONE = "_switchyard.json"
"""Stands in a folder of results when it is whole; says what is in it."""

PART = "part-"
"""How the names of the files in such a folder begin."""

WHOLE = "whole"
"""What the result is called in the work folder when it is there before `join`."""

GROUP_ROWS = 100_000

_BLOCK = 1 << 20


def join(plan: Plan, shards: int = 1, report: Report | None = None) -> Outcome:
    """Write the result and the rejected rows of a plan whose chunks are all finished.

    Each file appears whole, the rejected rows first; what stood there before is replaced. Then the
    finished chunks are deleted. DataError when chunks are missing or the input was changed.
    """
    place = plan.target.place()
    missing = len(plan.chunks) - len(finished(place, plan))
    if missing:
        raise DataError(
            f"{missing:,} of {len(plan.chunks):,} chunks are not there: another run has finished "
            "or replaced this work; run the same command again"
        )
    counts = [counts_of(place, plan, number) or Counts() for number in range(len(plan.chunks))]
    total = added(counts)
    refusing = [number for number, each in enumerate(counts) if each.rejected]
    with ExitStack() as files:
        # What is entered first gets its name last: the result is the sign that all is there.
        if plan.target.is_folder:
            files.enter_context(_written_folder(place, plan, shards, total, report))
        else:
            files.enter_context(_written_file(place, plan, report))
        if refusing:
            name = plan.target.rejects
            stream = files.enter_context(place.writing(name, f"{plan.work}/rejects"))
            _write_rejects(stream, place, plan, refusing)
        refuse_changed(plan.inputs, plan.target.owning())
    if not refusing:
        place.remove(plan.target.rejects)
    place.remove(plan.work)
    place.remove_empty(work_folder(plan.target))
    rejects = place.told(plan.target.rejects) if refusing else ""
    output = place.told(plan.target.name)
    return Outcome(total, len(plan.inputs.files), output, rejects, plan.model.version, plan.notes)


@contextmanager
def joined_beside(plan: Plan, done: Collection[int]) -> Iterator[Callable[[int], None]]:
    """Write the result in a thread while the chunks are scored in this one; `join` then finds it.

    done: chunks that are finished already; the function tells of one that is now. Where the result
    is no local file, `join` does all of it. Nothing is left when the block ends by an error.
    """
    place = plan.target.place()
    if plan.target.is_folder or not place.is_local:
        yield lambda _: None
        return
    finishing: Queue[int | None] = Queue()

    def in_order() -> Iterator[int]:
        known = set(done)
        for number in range(len(plan.chunks)):
            while number not in known:
                told = finishing.get()
                if told is None:
                    raise _Dropped
                known.add(told)
            yield number

    def write() -> None:
        with suppress(_Dropped), place.writing(f"{plan.work}/{WHOLE}") as stream:
            _write(stream, place, plan, in_order(), None)

    with ThreadPoolExecutor(1, "join") as pool:
        written = pool.submit(write)
        try:
            yield finishing.put
        finally:
            finishing.put(None)
        written.result()


class _Dropped(BaseException):
    """There will be no more chunks."""


@contextmanager
def _written_file(place: Place, plan: Plan, report: Report | None) -> Iterator[None]:
    """The result, which takes its name when the block ends well."""
    if place.is_local and WHOLE in place.names(plan.work):
        yield
        place.rename(f"{plan.work}/{WHOLE}", plan.target.name)
        return
    with place.writing(plan.target.name, f"{plan.work}/result") as stream:
        _write(stream, place, plan, range(len(plan.chunks)), report)
        yield


@contextmanager
def _written_folder(
    place: Place, plan: Plan, shards: int, total: Counts, report: Report | None
) -> Iterator[None]:
    """A folder of a file a shard, which takes its place when the block ends well.

    In an object store the files are there before the block ends; DONE is not.
    """
    folder = plan.target.name
    done = place.read(f"{folder}/{DONE}")
    if done is not None and json.loads(done)["plan"] == plan.digest:
        yield  # a killed run got as far as this
        return
    draft = f"{plan.work}/result" if place.is_local else folder
    if place.is_local:
        place.remove(draft)
    else:
        # Of a killed run; perhaps with more shards, whose files would stay beside the new ones.
        for name in place.names(folder):
            if name.startswith(PART):
                place.remove(f"{folder}/{name}")
    for shard in range(shards):
        share = plan.share(shard, shards)
        if share:
            name = f"{draft}/{PART}{shard:05}.{plan.target.kind}"
            with place.writing(name) as stream:
                _write(stream, place, plan, share, report)
    yield
    said = {"plan": plan.digest, "model_version": plan.model.version, **total.plain()}
    with place.writing(f"{draft}/{DONE}") as stream:
        stream.write(orjson.dumps(said))
    if place.is_local:
        place.rename(draft, folder)


def _write(
    stream: BinaryIO, place: Place, plan: Plan, numbers: Iterable[int], report: Report | None
) -> None:
    """The scored rows of these chunks."""
    schema = scored_schema(plan)
    if plan.target.kind == "parquet":
        batches = _batches(place, plan, numbers, "rows", report)
        texts = [name for name, kind in plan.model.types.items() if kind == "string"]
        _write_parquet(stream, schema, batches, texts)
        return
    if plan.target.kind == "csv":
        stream.write(csv_lines([pa.array([name], pa.large_string()) for name in schema.names]))
    for number in numbers:
        with place.open(part_name(plan, number, "rows")) as part:
            shutil.copyfileobj(part, stream, _BLOCK)
        _tell(plan, number, report)


def _write_rejects(stream: BinaryIO, place: Place, plan: Plan, numbers: Sequence[int]) -> None:
    schema = rejected_schema(plan)
    batches = _batches(place, plan, numbers, "rejects", None)
    if plan.target.kind == "parquet":
        _write_parquet(stream, schema, batches, ())
    elif plan.target.kind == "csv":
        stream.write(csv_lines([pa.array([name], pa.large_string()) for name in schema.names]))
        for batch in batches:
            columns = zip(schema.names, batch.columns, strict=True)
            stream.write(csv_lines([as_text(column, name) for name, column in columns]))
    else:
        for batch in batches:
            stream.writelines(row + b"\n" for row in as_objects(batch))


def _batches(
    place: Place, plan: Plan, numbers: Iterable[int], ending: str, report: Report | None
) -> Generator[Any, None, None]:
    """The kept rows of chunks, in order; those that were rejected by their number."""
    for number in numbers:
        with place.open(part_name(plan, number, ending)) as part:
            reader = pa.ipc.open_stream(part)
            if ending == "rejects":
                table = reader.read_all()
                yield from table.sort_by(table.column_names[1]).to_batches()
            else:
                yield from reader
        _tell(plan, number, report)


def _write_parquet(
    stream: BinaryIO, schema: Any, batches: Generator[Any, None, None], varied: Sequence[str]
) -> None:
    """Row groups of about GROUP_ROWS. varied: columns with hardly a value twice."""
    coded = [field.name for field in schema if is_text(field.type) and field.name not in varied]
    held: list[Any] = []
    with (
        pq.ParquetWriter(stream, schema, compression="zstd", use_dictionary=coded) as writer,
        read_ahead(batches, 4) as coming,
    ):
        for batch in coming:
            held.append(batch)
            if sum(each.num_rows for each in held) >= GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(held, schema))
                held = []
        if held:
            writer.write_table(pa.Table.from_batches(held, schema))


def _tell(plan: Plan, number: int, report: Report | None) -> None:
    if report:
        report(number + 1, len(plan.chunks), f"{number + 1:,} of {len(plan.chunks):,} chunks")
