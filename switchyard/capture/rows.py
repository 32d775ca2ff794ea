"""Rows of the prediction store: made from records, laid out as arrow tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.capture.request_ids import time_of
from switchyard.capture.segments import COLUMNS, FEEDBACK, Record
from switchyard.configuration.names import stored

TIME = pa.timestamp("us", tz="UTC")
BEFORE_INPUTS = pa.schema([("request_id", pa.string()), ("instance", pa.int32()), ("time", TIME)])
AFTER_INPUTS = pa.schema(
    [
        ("label", pa.string()),
        ("score", pa.float64()),
        ("threshold", pa.float64()),
        ("model_version", pa.string()),
        ("data_digest", pa.string()),
        ("synthetic", pa.bool_()),
    ]
)
INTERVAL = pa.schema([("low", pa.float64()), ("high", pa.float64())])
"""More columns of predicted numbers, which have no label and no threshold; score: the number."""

FEEDBACK_ROWS = pa.schema(
    [
        ("request_id", pa.string()),
        ("instance", pa.int32()),
        ("time", TIME),
        ("label", pa.string()),
        ("sequence", pa.int64()),
    ]
)
PREDICTION_ROWS = pa.unify_schemas([BEFORE_INPUTS, AFTER_INPUTS])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()
_US_A_DAY = 86_400_000_000


class Answered(NamedTuple):
    """Rows of one request; instances: one mapping of inputs a row. Of numbers labels are None."""

    instances: list[dict[str, Any]]
    labels: list[str | None]
    scores: list[float]
    threshold: float | None
    model_version: str
    low: list[float | None]
    high: list[float | None]


class Rows:
    """Collects the rows of one segment. facts: those of the segment.

    Where these have `inputs`, each is a column of that type though no row has a value of it.
    """

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = facts
        self._ids: list[str] = []
        self._places: list[int] = []
        self._times: list[int] = []
        self._instances: list[dict[str, Any]] = []
        self._labels: list[str | None] = []
        self._scores: list[float] = []
        self._thresholds: list[float | None] = []
        self._versions: list[str] = []
        self._low: list[float | None] = []
        self._high: list[float | None] = []
        self._feedback: list[dict[str, Any]] = []

    def add(self, record: Record) -> None:
        """Add a record's rows; ValueError, TypeError or KeyError for one that is none of ours.

        Then nothing of it was added.
        """
        request_id = record.request_id.decode("ascii")
        time_us = time_of(record.request_id)
        if record.kind == FEEDBACK:
            self._feedback.append(_feedback(request_id, orjson.loads(record.second)))
            return
        answered = self._of_columns(record) if record.kind == COLUMNS else _of_json(record)
        rows = len(answered.instances)
        if not rows == len(answered.labels) == len(answered.scores):
            raise ValueError("there are not as many answers as instances")
        _require(answered.instances, {dict})
        _require(answered.labels, {str} if answered.low == [None] * rows else {type(None)})
        _require(answered.scores, {float, int})
        _require([*answered.low, *answered.high], {float, int, type(None)})
        self._check_types(answered.instances)
        self._ids += [request_id] * rows
        self._places += range(rows)
        self._times += [time_us] * rows
        self._instances += answered.instances
        self._labels += answered.labels
        self._scores += answered.scores
        self._thresholds += [answered.threshold] * rows
        self._versions += [answered.model_version] * rows
        self._low += answered.low
        self._high += answered.high

    def predictions(self) -> Iterator[tuple[date, pa.Table]]:
        """The predictions of each day."""
        rows = len(self._ids)
        types: Mapping[str, str] = self._facts.get("inputs", {})
        found = (name for keys in self._shapes() for name in keys)
        inputs = {
            stored(name): _column(
                [instance.get(name) for instance in self._instances], types.get(name)
            )
            for name in dict.fromkeys([*types, *found])
        }
        before: list[list[Any]] = [self._ids, self._places, self._times]
        after: list[list[Any]] = [
            self._labels,
            self._scores,
            self._thresholds,
            self._versions,
            [self._facts["data_digest"]] * rows,
            [self._facts["synthetic"]] * rows,
        ]
        columns = _typed(before, BEFORE_INPUTS) | inputs | _typed(after, AFTER_INPUTS)
        if any(each is not None for each in self._low):
            columns |= _typed([self._low, self._high], INTERVAL)
        yield from _by_day(pa.table(columns))

    def feedback(self) -> Iterator[tuple[date, pa.Table]]:
        """The feedback of each day."""
        yield from _by_day(pa.Table.from_pylist(self._feedback, FEEDBACK_ROWS))

    def _shapes(self) -> dict[tuple[str, ...], None]:
        return dict.fromkeys(map(tuple, self._instances))

    def _of_columns(self, record: Record) -> Answered:
        columns: dict[str, list[Any]] = orjson.loads(record.first)["columns"]
        answer = orjson.loads(record.second)
        instances = [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]
        none = [None] * len(instances)
        return Answered(
            instances,
            answer.get("labels", none),
            answer["scores"],
            self._facts["threshold"],
            self._facts["model_version"],
            answer.get("low", none),
            answer.get("high", none),
        )

    def _check_types(self, instances: list[dict[str, Any]]) -> None:
        """TypeError for values that their column cannot hold."""
        for name, kind in self._facts.get("inputs", {}).items():
            kinds = {float, int} if kind == "number" else {str}
            _require([instance.get(name) for instance in instances], {*kinds, type(None)})


def _of_json(record: Record) -> Answered:
    answer = orjson.loads(record.second)
    predictions = answer["predictions"]
    instances = orjson.loads(record.first)["instances"]
    version = answer["model_version"]
    if "coverage" in answer:
        value, low, high = (
            [prediction[part] for prediction in predictions] for part in ("value", "low", "high")
        )
        return Answered(instances, [None] * len(predictions), value, None, version, low, high)
    none: list[float | None] = [None] * len(predictions)
    return Answered(
        instances,
        [prediction["label"] for prediction in predictions],
        [prediction["score"] for prediction in predictions],
        answer["threshold"],
        version,
        none,
        none,
    )


def _feedback(request_id: str, content: Mapping[str, Any]) -> dict[str, Any]:
    _require([content["label"]], {str})
    _require([content["instance"], content["time"], content["sequence"]], {int})
    return {"request_id": request_id} | {
        name: content[name] for name in ("instance", "time", "label", "sequence")
    }


def _require(values: list[Any], kinds: set[type]) -> None:
    if not set(map(type, values)) <= kinds:
        raise TypeError(f"there are values other than {' or '.join(k.__name__ for k in kinds)}")


def _typed(columns: list[list[Any]], schema: pa.Schema) -> dict[str, pa.Array]:
    return {
        field.name: pa.array(values, field.type)
        for field, values in zip(schema, columns, strict=True)
    }


def _column(values: list[Any], kind: str | None) -> pa.Array:
    """An input's values: as its type says; where none is known, as they look.

    That is as text, as float64 when all are numbers, else as JSON text.
    """
    kinds = {type(value) for value in values if value is not None}
    if kind == "number":
        kinds = {float}
    if kinds and kinds <= {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kinds <= {str}:
        return pa.array(values, pa.string())
    return pa.array(
        [None if value is None else orjson.dumps(value).decode() for value in values], pa.string()
    )


def _by_day(table: pa.Table) -> Iterator[tuple[date, pa.Table]]:
    if not table.num_rows:
        return
    days = pc.divide(table["time"].cast(pa.int64()), _US_A_DAY)
    for day in sorted(pc.unique(days).to_pylist()):
        yield _EPOCH + timedelta(days=day), table.filter(pc.equal(days, day))
