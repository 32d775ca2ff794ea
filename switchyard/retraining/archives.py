"""The archive of feedback: captured rows with their true labels, kept for good.

{monitoring store}/labelled/{day}.parquet     a file a day of the requests

The prediction store forgets rows after its retention; the archive does not. A file of it is
replaced whole or not at all, and what a run fails to archive, the next one finds again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.monitoring.records import MonitoringStore
from switchyard.serving.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "labelled"
KEY = ["request_id", "instance"]

_READ = (*KEY, "time", "url", "label", "score", "model_version")
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


def gather(store: MonitoringStore, captured: str, *, dry_run: bool = False) -> Gathered:
    """Bring into the archive what the prediction store `captured` has labels for.

    dry_run: tell what would be brought, and bring nothing.

    Of several labels of an instance the one given last counts, also when the prediction itself is
    gone from the store. PlatformError for a store that fails.
    """
    import pyarrow as pa

    from switchyard.capture import reading

    given = reading.feedback(captured, damaged=_left_out)
    known = archive(store)
    news = _news(given, known)
    added = changed = 0
    for day, labels in _by_day(news):
        since = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
        name = f"{FOLDER}/{since:%Y-%m-%d}.parquet"
        old = _read(store, name)
        until = since + timedelta(days=1)
        rows = _rows(reading.predictions(captured, since, until, columns=_READ, damaged=_left_out))
        found = _with_labels(pa.concat_tables([_unlabelled(old), rows]), labels)
        merged = _latest(pa.concat_tables([old, found]))
        if found.num_rows:
            if not dry_run:
                store.write(name, to_parquet(merged))
            added += merged.num_rows - old.num_rows
            changed += found.num_rows - (merged.num_rows - old.num_rows)
    waiting = int(news.num_rows) - added - changed
    return Gathered(int(known.num_rows) + added, added, changed, waiting)


def archive(store: MonitoringStore) -> pa.Table:
    """All archived rows, in order of time: `schema()`."""
    import pyarrow as pa

    paths = [path for path in store.paths(FOLDER) if path.endswith(".parquet")]
    table = pa.concat_tables([schema().empty_table(), *(_read(store, path) for path in paths)])
    return table.sort_by([(name, "ascending") for name in ("time", *KEY)])


def schema() -> pa.Schema:
    """The archive's columns; label: the true one, predicted: what was answered."""
    import pyarrow as pa

    time = pa.timestamp("us", tz="UTC")
    return pa.schema(
        [
            ("request_id", pa.string()),
            ("instance", pa.int32()),
            ("time", time),
            ("url", pa.string()),
            ("predicted", pa.string()),
            ("score", pa.float64()),
            ("model_version", pa.string()),
            ("label", pa.string()),
            ("labelled_at", time),
            ("sequence", pa.int64()),
        ]
    )


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


def _rows(predictions: pa.Table) -> pa.Table:
    """Predictions whose URL was kept, as archive rows that have no label yet."""
    wanted = _unlabelled(schema().empty_table()).schema
    if "url" not in predictions.column_names:
        return wanted.empty_table()
    kept = predictions.filter(predictions["url"].is_valid())
    renamed = kept.rename_columns(
        ["predicted" if name == "label" else name for name in kept.column_names]
    )
    return renamed.select(wanted.names).cast(wanted)


def _unlabelled(rows: pa.Table) -> pa.Table:
    return rows.drop_columns(["label", "labelled_at", "sequence"])


def _with_labels(rows: pa.Table, labels: pa.Table) -> pa.Table:
    """The rows that there are labels for, each once."""
    named = labels.rename_columns([*KEY, "label", "labelled_at", "sequence"])
    joined = rows.join(named, keys=KEY, join_type="inner").select(schema().names)
    return _latest(joined.cast(schema()))


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


def _read(store: MonitoringStore, path: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = store.read(path)
    if content is None:
        return schema().empty_table()
    return pq.read_table(pa.BufferReader(content)).cast(schema())
