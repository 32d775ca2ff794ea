"""Real performance: decisions against the labels that came back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from switchyard.monitoring.results import Performance

SHOWN = ("accuracy", "recall", "roc_auc")
DECIDED = ("accuracy", "precision", "recall", "f1")
"""Metrics that depend on the decisions."""

_LEAST = 1e-7


def measure(labelled: Any, floors: Mapping[str, float], positive: str) -> Performance:
    """What can be measured on rows with `label`, `true_label` and `score`; at least one row.

    With one class only, that is less: no recall without positive rows, no false positives without
    negative ones. A floor of a metric that cannot be measured is not missed. For metrics of which
    less is better, such as `brier`, a floor is what may not be exceeded. RequestError for a floor
    of a metric that there is not.
    """
    from switchyard.evaluation.metrics import find, measure_all

    decided = _is(labelled["label"], positive)
    true = _is(labelled["true_label"], positive)
    score = np.asarray(labelled["score"].to_pylist(), np.float64)
    known = np.isfinite(score)
    positives, negatives = int(true.sum()), int((~true).sum())
    wanted = {name: find(name, "monitoring.floors") for name in (*SHOWN, *floors)}
    values = {
        name: value
        for name, value in _decisions(decided, true).items()
        if name in wanted or name not in DECIDED
    }
    if known.any():
        y, scores = true[known], np.clip(score[known], 0.0, 1.0)
        measured = measure_all(y, scores, 0.5)  # what is taken of it depends on no threshold
        values |= {name: measured[name] for name in wanted if name not in DECIDED}
        values["log_loss"] = _log_loss(y, scores)
    measurable = {
        name: round(value, 6)
        for name, value in values.items()
        if math.isfinite(value)
        and not (name in wanted and wanted[name].unmeasurable(positives, negatives))
    }
    below = tuple(
        name
        for name, floor in floors.items()
        if name in measurable and wanted[name].gain(measurable[name], floor) < 0
    )
    return Performance(rows=len(true), metrics=measurable, below_floor=below)


def _is(column: Any, positive: str) -> Any:
    return np.array([value == positive for value in column.to_pylist()], np.bool_)


def _decisions(decided: Any, true: Any) -> dict[str, float]:
    """What the decisions that were given come to, each at the threshold of its time."""
    found = {"accuracy": float((decided == true).mean())}
    hits, called, positives = (int(each.sum()) for each in (decided & true, decided, true))
    if called or positives:
        found["precision"] = hits / called if called else 0.0
        found["f1"] = 2.0 * hits / (positives + called)
    if true.any():
        found["recall"] = float(decided[true].mean())
    if not true.all():
        found["false_positive_rate"] = float(decided[~true].mean())
    return found


def _log_loss(true: Any, scores: Any) -> float:
    chance = np.clip(np.where(true, scores, 1.0 - scores), _LEAST, 1.0)
    return float(-np.log(chance).mean())
