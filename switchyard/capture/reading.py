"""Reading the prediction store as arrow tables: what was predicted, and what proved true."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from switchyard.capture.rows import FEEDBACK_ROWS, PREDICTION_ROWS
from switchyard.capture.stores import FEEDBACK, PREDICTIONS, Store
from switchyard.capture.tables import Damaged as Damaged
from switchyard.capture.tables import tables
from switchyard.errors import PlatformError, RequestError

KEY = ["request_id", "instance"]
"""What names a row."""


def predictions(
    store: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    columns: Collection[str] | None = None,
    damaged: Damaged | None = None,
    chosen: Callable[[pa.Table], pa.Table] | None = None,
) -> pa.Table:
    """The predictions of since <= time < until, in order of time; an input is a column.

    store: as `Settings.capture_store`. columns: only these, as far as there are any, and in no
    order. chosen: takes those rows of a file that are wanted. RequestError for times without a
    zone; PlatformError for a store that cannot be read, and for a damaged file unless `damaged` is
    told of it.
    """
    found = _read(Store(store), PREDICTIONS, since, until, columns, damaged, chosen)
    if columns is not None:
        return found
    return found.sort_by([(name, "ascending") for name in ("time", *KEY)])


def feedback(
    store: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    damaged: Damaged | None = None,
) -> pa.Table:
    """The label that was given last for each instance of since <= time < until; time: of the label.

    Errors as of `predictions`.
    """
    return last_labels(_read(Store(store), FEEDBACK, since, until, None, damaged))


def feedback_of_day(store: Store, day: date, *, damaged: Damaged | None = None) -> pa.Table:
    """All labels that were given on a day; several of an instance, if there were."""
    found = tables(store, store.paths(FEEDBACK, day), None, damaged)
    return together([FEEDBACK_ROWS.empty_table(), *found])


def last_labels(table: pa.Table) -> pa.Table:
    """Of all labels of each instance the one that was given last."""
    table = table.sort_by([("sequence", "ascending")])
    places = pa.array(range(table.num_rows), pa.int64())
    latest = table.append_column("place", places).group_by(KEY).aggregate([("place", "max")])
    return table.take(latest["place_max"])


def labelled(
    store: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    columns: Collection[str] | None = None,
    damaged: Damaged | None = None,
    given: pa.Table | None = None,
) -> pa.Table:
    """The predictions of since <= time < until whose true label is known, with it.

    `true_label` and `labelled_at` are added. columns: of the predictions, only these and those that
    name a row. given: the store's `feedback`, where it was read already. Errors as of
    `predictions`.
    """
    known = feedback(store, damaged=damaged) if given is None else given
    wanted = None if columns is None else {*columns, *KEY, "time"}
    asked = known["request_id"].combine_chunks()

    def about_some(table: pa.Table) -> pa.Table:
        return table.filter(pc.is_in(table["request_id"], value_set=asked))

    found = _read(Store(store), PREDICTIONS, since, until, wanted, damaged, about_some)
    return with_labels(found, known)


def with_labels(found: pa.Table, given: pa.Table) -> pa.Table:
    """As `labelled`, of predictions that were read already. given: as of `feedback`."""
    known = given.select([*KEY, "label", "time"])
    known = known.rename_columns([*KEY, "true_label", "labelled_at"])
    joined = found.join(known, keys=KEY, join_type="inner")
    return joined.sort_by([(name, "ascending") for name in ("time", *KEY)])


def first_time(store: str, *, damaged: Damaged | None = None) -> datetime | None:
    """When the oldest prediction of the store was made; None when there is none."""
    opened = Store(store)
    for day in opened.days(PREDICTIONS):
        paths = opened.paths(PREDICTIONS, day)
        times = [
            pc.min(table["time"]).as_py()
            for table in tables(opened, paths, {"time"}, damaged)
            if table.num_rows
        ]
        if times:
            first: datetime = min(times)
            return first
    return None


def _read(
    store: Store,
    kind: str,
    since: datetime | None,
    until: datetime | None,
    columns: Collection[str] | None,
    damaged: Damaged | None,
    chosen: Callable[[pa.Table], pa.Table] | None = None,
) -> pa.Table:
    first, last = _utc(since, "since"), _utc(until, "until")
    wanted = None if columns is None else {*columns, "time"}
    begin = None if first is None else first.date()
    end = None if last is None else (last - timedelta.resolution).date()  # until is exclusive
    found = []
    for day in store.days(kind):
        if (begin is not None and day < begin) or (end is not None and day > end):
            continue
        for table in tables(store, store.paths(kind, day), wanted, damaged):
            between = _between(table, first, last)
            found.append(chosen(between) if chosen else between)
    empty = (PREDICTION_ROWS if kind == PREDICTIONS else FEEDBACK_ROWS).empty_table()
    if wanted is not None:
        empty = empty.select([name for name in empty.column_names if name in wanted])
    try:
        return together(found or [empty])
    except pa.ArrowException as cause:
        raise PlatformError(
            f"rows of the prediction store '{store.shown}' do not fit together: {cause}; an input "
            "changed its type: read the days before and after it apart"
        ) from cause


def together(parts: Sequence[pa.Table]) -> pa.Table:
    """All rows, with every column of any table; null where a row has none.

    A column that is text in one table and something else in another is text in all: an input that
    was a number becomes a category. ArrowException for what cannot be text either.
    """
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowTypeError:
        texts = {field.name for part in parts for field in part.schema if _is_text(field.type)}
        told = [_with_texts(part, texts) for part in parts]
        return pa.concat_tables(told, promote_options="permissive")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _with_texts(table: pa.Table, names: Collection[str]) -> pa.Table:
    """The table with these columns, as far as it has them, as text."""
    for place, field in enumerate(table.schema):
        if field.name in names and not pa.types.is_string(field.type):
            text = table.column(place).cast(pa.string())
            table = table.set_column(place, field.name, text)
    return table


def _between(table: pa.Table, first: datetime | None, last: datetime | None) -> pa.Table:
    times = table["time"]
    if first is not None:
        table = table.filter(pc.greater_equal(times, pa.scalar(first, times.type)))
    if last is not None:
        table = table.filter(pc.less(table["time"], pa.scalar(last, times.type)))
    return table


def _utc(moment: datetime | None, name: str) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise RequestError(f"{name}: {moment.isoformat()} has no time zone; add one, such as UTC")
    return moment.astimezone(UTC)
