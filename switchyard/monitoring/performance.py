"""Real performance: decisions against the labels that came back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from switchyard.monitoring.results import Performance
from switchyard.tables.plausible import Limits, sound_truths, squarable

SHOWN = ("accuracy", "recall", "roc_auc")
DECIDED = ("accuracy", "precision", "recall", "f1")
"""Metrics that depend on the decisions."""

NUMBERS = ("r2", "rmse", "mae", "bias", "coverage")
"""What is measured of predicted numbers."""

_LEAST = 1e-7


def measure(labelled: Any, floors: Mapping[str, float], positive: str) -> Performance:
    """What can be measured on rows with `label`, `true_label` and `score`; at least one row.

    With one class only, that is less: no recall without positive rows, no false positives without
    negative ones. A floor of a metric that cannot be measured is not missed. For metrics of which
    less is better, such as `brier`, a floor is what may not be exceeded. RequestError for a floor
    of a metric that there is not.
    """
    from switchyard.evaluation.metrics import METRICS, find, measure_all

    decided = _is(labelled["label"], positive)
    true = _is(labelled["true_label"], positive)
    score = np.asarray(labelled["score"].to_pylist(), np.float64)
    known = np.isfinite(score)
    positives, negatives = int(true.sum()), int((~true).sum())
    wanted = {
        name: METRICS[find(name, "monitoring.floors", METRICS).name] for name in (*SHOWN, *floors)
    }
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


def measure_numbers(
    labelled: Any, floors: Mapping[str, float], truths: Limits | None = None
) -> Performance | None:
    """What can be measured of predicted numbers; None where no row has a truth and a prediction.

    labelled: rows with `true_label`, the text of the true number, `score`, `low` and `high`. What
    is no number, or none that can be true (truths), is left out and counted. Coverage is that of
    the intervals that were answered. A floor of a metric of which less is better is what may not be
    exceeded, of the bias in either direction. RequestError for a floor of a metric that there is
    not.
    """
    from switchyard.evaluation.metrics import NUMBER_METRICS, find
    from switchyard.evaluation.residuals import MEASURES, Residuals
    from switchyard.tables.casting import as_text, numbers

    wanted = {name: find(name, "monitoring.floors", NUMBER_METRICS) for name in floors}
    truth = numbers(as_text(labelled["true_label"]), "true_label", missing=True)[0]
    score = _floats(labelled, "score")
    known = sound_truths(truth, truths) & squarable(score)
    if not known.any():
        return None
    residuals = Residuals(truth[known], score[known], 0.0)
    values = dict(zip(MEASURES, map(float, residuals.measure()), strict=True))
    low, high = (_floats(labelled, name)[known] for name in ("low", "high"))
    stated = np.isfinite(low) & np.isfinite(high)
    held = (low <= truth[known]) & (truth[known] <= high)
    values["coverage"] = float(held[stated].mean()) if stated.any() else math.nan
    measurable = {
        name: round(values[name], 6)
        for name in dict.fromkeys((*NUMBERS, *floors))
        if math.isfinite(values[name])
    }
    below = tuple(
        name
        for name, floor in floors.items()
        if name in measurable and wanted[name].gain(measurable[name], floor) < 0
    )
    skipped = len(truth) - int(known.sum())
    return Performance(
        rows=int(known.sum()), metrics=measurable, below_floor=below, skipped=skipped
    )


def _floats(rows: Any, name: str) -> Any:
    """A column as numbers; NaN where there is none."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    return np.array(rows[name].to_pylist(), np.float64)


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
