"""The archive of feedback: captured rows with their true labels, kept for good.

{monitoring store}/labelled/{day}.parquet     a file a day of the requests

The prediction store forgets rows after its retention; the archive does not. A file of it is
replaced whole or not at all, and what a run fails to archive, the next one finds again. Inputs
stand under their stored names; what a file of before a change of the inputs lacks is null, and what
the use case has no more stays in the file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from switchyard.configuration.model import Definition, UseCase
from switchyard.configuration.names import stored
from switchyard.errors import PlatformError
from switchyard.monitoring.records import MonitoringStore
from switchyard.serving.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "labelled"
KEY = ["request_id", "instance"]

_TEXTS = Definition()
_READ = (*KEY, "time", "label", "score", "model_version")
_US_A_DAY = 86_400_000_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gathered:
    """rows: in the archive; added: new ones; changed: of another label than before.

    waiting: labels of predictions that are not in the store, not yet or not any more.
    """

    rows: int
    added: int
    changed: int
    waiting: int


def captured_in(case: UseCase) -> str:
    """The prediction store of a use case's service."""
    facts = {"name": case.name, "title": case.title, "model_version": "", "content_sha256": ""}
    return Settings(**facts, serving=case.serving).capture_store


def gather(
    store: MonitoringStore,
    captured: str,
    definition: Definition = _TEXTS,
    *,
    dry_run: bool = False,
) -> Gathered:
    """Bring into the archive what the prediction store `captured` has labels for.

    definition: of the use case, for its inputs. dry_run: tell what would be brought, and bring
    nothing.

    Of several labels of an instance the one given last counts, also when the prediction itself is
    gone from the store. PlatformError for a store that fails.
    """
    from switchyard.capture import reading
    from switchyard.monitoring.labels import given_labels

    given = given_labels(store, captured, _left_out, keep=not dry_run)
    known = archive(store, definition)
    news = _news(given, known)
    added = changed = 0
    for day, labels in _by_day(news):
        since = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
        name = f"{FOLDER}/{since:%Y-%m-%d}.parquet"
        old = _kept(store, name, definition)
        until = since + timedelta(days=1)
        columns = (*_READ, *input_types(definition))
        answered = reading.predictions(
            captured, since, until, columns=columns, damaged=_left_out, chosen=_about(labels)
        )
        rows = _rows(answered, definition)
        found = _with_labels(reading.together([_unlabelled(old), rows]), labels)
        merged = _latest(reading.together([old, found]))
        if found.num_rows:
            if not dry_run:
                store.write(name, to_parquet(merged))
            added += merged.num_rows - old.num_rows
            changed += found.num_rows - (merged.num_rows - old.num_rows)
    waiting = int(news.num_rows) - added - changed
    return Gathered(int(known.num_rows) + added, added, changed, waiting)


def archive(store: MonitoringStore, definition: Definition = _TEXTS) -> pa.Table:
    """All archived rows, in order of time: `schema(definition)`."""
    import pyarrow as pa

    paths = [path for path in store.paths(FOLDER) if path.endswith(".parquet")]
    tables = [_read(store, path, definition) for path in paths]
    table = pa.concat_tables([schema(definition).empty_table(), *tables])
    return table.sort_by([(name, "ascending") for name in ("time", *KEY)])


def input_types(definition: Definition) -> dict[str, pa.DataType]:
    """The columns of the inputs, by their stored names."""
    import pyarrow as pa

    if definition.table is None:
        return {"url": pa.string()}
    kinds = {"number": pa.float64(), "category": pa.string()}
    return {stored(each.name): kinds[each.type] for each in definition.table.inputs}


def schema(definition: Definition = _TEXTS) -> pa.Schema:
    """The archive's columns; label: the true one, predicted: what was answered.

    Of a regression `predicted` is null, `score` the number, and `label` the text of the true one.
    """
    import pyarrow as pa

    time = pa.timestamp("us", tz="UTC")
    return pa.schema(
        [
            ("request_id", pa.string()),
            ("instance", pa.int32()),
            ("time", time),
            *input_types(definition).items(),
            ("predicted", pa.string()),
            ("score", pa.float64()),
            ("model_version", pa.string()),
            *_labels_schema(),
        ]
    )


def _labels_schema() -> list[pa.Field]:
    import pyarrow as pa

    return [
        pa.field("label", pa.string()),
        pa.field("labelled_at", pa.timestamp("us", tz="UTC")),
        pa.field("sequence", pa.int64()),
    ]


def _left_out(error: PlatformError) -> None:
    logger.warning("labels of a damaged file are not archived: %s", error)


def _news(given: pa.Table, known: pa.Table) -> pa.Table:
    """The labels that the archive has not: of new rows, or given later than the one it has."""
    import pyarrow.compute as pc

    had = known.select([*KEY, "sequence"]).rename_columns([*KEY, "had"])
    joined = given.join(had, keys=KEY, join_type="left outer")
    newer = pc.greater(joined["sequence"], pc.fill_null(joined["had"], -1))
    return joined.filter(newer).select([*KEY, "label", "time", "sequence"])


def _by_day(labels: pa.Table) -> list[tuple[int, pa.Table]]:
    """Labels by the day of their requests, which stands in the ids; ids of others are left out."""
    import numpy as np
    import pyarrow as pa

    from switchyard.capture.request_ids import time_of

    days = []
    for request_id in labels["request_id"].to_pylist():
        try:
            days.append(time_of(request_id.encode("ascii")) // _US_A_DAY)
        except ValueError:
            days.append(-1)
    place = np.asarray(days, np.int64)
    return [
        (int(day), labels.filter(pa.array(place == day))) for day in np.unique(place) if day >= 0
    ]


def _about(labels: pa.Table) -> Callable[[pa.Table], pa.Table]:
    """Takes the rows of requests that there are labels for: the others need no memory."""
    import pyarrow.compute as pc

    asked = labels["request_id"].combine_chunks()
    return lambda table: table.filter(pc.is_in(table["request_id"], value_set=asked))


def _rows(predictions: pa.Table, definition: Definition) -> pa.Table:
    """Predictions whose inputs were kept, as archive rows that have no label yet."""
    wanted = _unlabelled(schema(definition).empty_table()).schema
    if definition.table is None:
        if "url" not in predictions.column_names:
            return wanted.empty_table()
        predictions = predictions.filter(predictions["url"].is_valid())
    renamed = predictions.rename_columns(
        ["predicted" if name == "label" else name for name in predictions.column_names]
    )
    return _fitted(renamed, wanted)


def _fitted(rows: pa.Table, wanted: pa.Schema) -> pa.Table:
    """The rows with these columns and types; null what they lack, or what no number can be of."""
    import pyarrow as pa

    def fitted(field: pa.Field) -> pa.Array:
        if field.name not in rows.column_names:
            return pa.nulls(rows.num_rows, field.type)
        return _cast(rows[field.name], field)

    return pa.table([fitted(field) for field in wanted], schema=wanted)


def _cast(column: pa.ChunkedArray, field: pa.Field) -> pa.Array:
    import pyarrow as pa

    from switchyard.tables.casting import as_text, numbers

    try:
        if pa.types.is_floating(field.type) and pa.types.is_string(column.type):
            values = numbers(as_text(column), field.name, missing=True)[0]
            column = pa.chunked_array([pa.array(values, from_pandas=True)])
        return column.cast(field.type)
    except pa.ArrowException as cause:
        logger.warning("'%s' cannot be read and is left out: %s", field.name, cause)
        return pa.nulls(len(column), field.type)


def _unlabelled(rows: pa.Table) -> pa.Table:
    return rows.drop_columns(["label", "labelled_at", "sequence"])


def _with_labels(rows: pa.Table, labels: pa.Table) -> pa.Table:
    """The rows that there are labels for, each once."""
    named = labels.rename_columns([*KEY, "label", "labelled_at", "sequence"])
    wanted = rows.schema
    for field in _labels_schema():
        wanted = wanted.append(field)
    joined = rows.join(named, keys=KEY, join_type="inner").select(wanted.names)
    return _latest(joined.cast(wanted))


def _latest(rows: pa.Table) -> pa.Table:
    """One row an instance, the one whose label was given last; in order of time."""
    import pyarrow as pa

    ordered = rows.sort_by([(name, "ascending") for name in ("sequence", "time", *KEY)])
    places = ordered.append_column("place", pa.array(range(ordered.num_rows), pa.int64()))
    kept = places.group_by(KEY).aggregate([("place", "max")])["place_max"]
    return ordered.take(kept).sort_by([(name, "ascending") for name in ("time", *KEY)])


def to_parquet(table: pa.Table) -> bytes:
    """The table as a file's bytes: equal for equal rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, compression="zstd")
    return bytes(sink.getvalue())


def _read(store: MonitoringStore, path: str, definition: Definition) -> pa.Table:
    """A file's rows as the use case's inputs are now."""
    return _fitted(_kept(store, path, definition), schema(definition))


def _kept(store: MonitoringStore, path: str, definition: Definition) -> pa.Table:
    """A file's rows as they were archived, with inputs that the use case has no more."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = store.read(path)
    if content is None:
        return schema(definition).empty_table()
    return pq.read_table(pa.BufferReader(content))
