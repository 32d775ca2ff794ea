"""Reading the prediction store as arrow tables: what was predicted, and what proved true."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from switchyard.capture.rows import FEEDBACK_ROWS, PREDICTION_ROWS
from switchyard.capture.stores import FEEDBACK, PREDICTIONS, Store
from switchyard.errors import PlatformError, RequestError

_KEY = ["request_id", "instance"]


def predictions(
    store: str, since: datetime | None = None, until: datetime | None = None
) -> pa.Table:
    """The predictions of since <= time < until, in order of time; an input is a column.

    store: as `Settings.capture_store`. RequestError for times without a zone; PlatformError for a
    store that cannot be read.
    """
    return _read(Store(store), PREDICTIONS, since, until, PREDICTION_ROWS).sort_by(
        [(name, "ascending") for name in ("time", *_KEY)]
    )


def feedback(store: str, since: datetime | None = None, until: datetime | None = None) -> pa.Table:
    """The label that was given last for each instance of since <= time < until; time: of the label.

    Errors as of `predictions`.
    """
    table = _read(Store(store), FEEDBACK, since, until, FEEDBACK_ROWS)
    table = table.sort_by([("sequence", "ascending")])
    places = pa.array(range(table.num_rows), pa.int64())
    latest = table.append_column("place", places).group_by(_KEY).aggregate([("place", "max")])
    return table.take(latest["place_max"])


def labelled(store: str, since: datetime | None = None, until: datetime | None = None) -> pa.Table:
    """The predictions of since <= time < until whose true label is known, with it.

    `true_label` and `labelled_at` are added. Errors as of `predictions`.
    """
    known = feedback(store).select([*_KEY, "label", "time"])
    known = known.rename_columns([*_KEY, "true_label", "labelled_at"])
    joined = predictions(store, since, until).join(known, keys=_KEY, join_type="inner")
    return joined.sort_by([(name, "ascending") for name in ("time", *_KEY)])


def _read(
    store: Store, kind: str, since: datetime | None, until: datetime | None, empty: pa.Schema
) -> pa.Table:
    first, last = _utc(since, "since"), _utc(until, "until")
    paths = [
        path
        for day in store.days(kind)
        if (first is None or day >= first.date()) and (last is None or day <= last.date())
        for path in store.paths(kind, day)
    ]
    tables = [_file(store, path) for path in paths]
    try:
        table = pa.concat_tables(tables or [empty.empty_table()], promote_options="permissive")
    except pa.ArrowException as cause:
        raise PlatformError(
            f"rows of the prediction store '{store.shown}' do not fit together: {cause}; an input "
            "changed its type: read the days before and after it apart"
        ) from cause
    if first is not None:
        table = table.filter(pc.greater_equal(table["time"], pa.scalar(first, table["time"].type)))
    if last is not None:
        table = table.filter(pc.less(table["time"], pa.scalar(last, table["time"].type)))
    return table


def _file(store: Store, path: str) -> pa.Table:
    import pyarrow.parquet as pq

    try:
        with store.files.open(path, "rb") as file:
            return pq.read_table(file)
    except Exception as cause:  # stores raise errors of libraries of their own
        raise PlatformError(
            f"'{path}' of the prediction store cannot be read: {cause}; restore or delete it"
        ) from cause


def _utc(moment: datetime | None, name: str) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise RequestError(f"{name}: {moment.isoformat()} has no time zone; add one, such as UTC")
    return moment.astimezone(UTC)
