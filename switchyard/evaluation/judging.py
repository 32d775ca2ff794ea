"""The evaluation itself: scores of all candidates on the holdout → one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from switchyard.configuration.model import Evaluation as Settings
from switchyard.evaluation.comparing import compare, require_alike
from switchyard.evaluation.importances import Importance
from switchyard.evaluation.metrics import Decided
from switchyard.evaluation.ranking import BINS, Floats, Ranking, check_scored
from switchyard.evaluation.results import Bin, Confusion, Curve, Evaluation, Served
from switchyard.evaluation.slices import measure_slices
from switchyard.evaluation.tellings import Telling
from switchyard.evaluation.thresholds import Threshold

POINTS = 200
"""At most so many points a curve."""


def evaluate(
    y: Any,
    scores: Mapping[str, Any],
    thresholds: Mapping[str, Threshold],
    served: str,
    columns: pd.DataFrame,
    settings: Settings,
    seed: int,
    *,
    groups: Any = None,
    telling: Telling | None = None,
    importances: Sequence[Importance] = (),
) -> Evaluation:
    """Judge every candidate on the same rows and resamples, and the served one slice by slice.

    y: 0/1 of the holdout; scores: candidate → probabilities of class 1; thresholds: candidate →
    the one chosen on validation rows; columns: `slice_columns` of the holdout; groups: the key of
    each row by which rows are drawn together, None when they are independent.
    """
    require_alike(scores, thresholds, served, "scores", "thresholds")
    labels, chosen = check_scored(y, scores[served])
    threshold = thresholds[served].value

    def details(name: str, decided: Decided) -> dict[str, Any]:
        roc, pr = _curves(decided.ranking)
        calibration = _calibration(decided.ranking)
        return {"threshold": thresholds[name], "roc": roc, "pr": pr, "calibration": calibration}

    return compare(
        {
            name: partial(Decided, y, score, thresholds[name].value)
            for name, score in scores.items()
        },
        details,
        Served(
            name=served,
            confusion=_confusion(labels, chosen >= threshold),
            slices=measure_slices(labels, chosen, threshold, columns, settings.min_slice_rows),
            telling=telling,
            importances=tuple(importances),
        ),
        settings,
        seed,
        positives=int(labels.sum()),
        groups=groups,
    )


def _confusion(labels: npt.NDArray[np.uint8], called: npt.NDArray[np.bool_]) -> Confusion:
    cells = np.bincount(2 * labels.astype(np.intp) + called, minlength=4)
    names = ("true_negatives", "false_positives", "false_negatives", "true_positives")
    return Confusion(**dict(zip(names, map(int, cells), strict=True)))


def _curves(ranking: Ranking) -> tuple[Curve, Curve]:
    """ROC and precision-recall, thinned; empty where a class is missing."""
    empty = Curve(x=(), y=())
    if ranking.positives == 0 or ranking.negatives == 0:
        return empty, empty
    _, above, wrong = ranking.steps()
    rate = np.append(0.0, wrong / ranking.negatives)
    recall = np.append(0.0, above / ranking.positives)
    precision = above / (above + wrong)
    kept = _thinned(rate, recall)
    held = _thinned(recall[1:], precision)
    return _curve(rate[kept], recall[kept]), _curve(recall[1:][held], precision[held])


def _thinned(x: Floats, y: Floats) -> npt.NDArray[np.intp]:
    """At most `POINTS` places: even along x, along y, and, for small rates, along log x."""
    share = POINTS // 3
    wanted = [
        np.searchsorted(x, np.linspace(x[0], x[-1], share)),
        np.linspace(0, len(x) - 1, share - 2).round().astype(np.intp),
    ]
    least = x[x > 0].min() if (x > 0).any() else 1.0
    wanted.append(np.searchsorted(x, np.geomspace(least, max(least, x[-1]), share)))
    rising = np.maximum.accumulate(y)
    wanted.append(np.searchsorted(rising, np.linspace(y[0], rising[-1], share // 4)))
    places = np.unique(np.clip(np.concatenate([[0, len(x) - 1], *wanted]), 0, len(x) - 1))
    if len(places) <= POINTS:
        return places
    return places[np.linspace(0, len(places) - 1, POINTS).round().astype(np.intp)]


def _curve(x: Floats, y: Floats) -> Curve:
    return Curve(x=tuple(float(v) for v in x.round(6)), y=tuple(float(v) for v in y.round(6)))


def _calibration(ranking: Ranking) -> tuple[Bin, ...]:
    places = np.minimum((ranking.scores * BINS).astype(np.intp), BINS - 1)
    rows = np.bincount(places, minlength=BINS)
    scores = np.bincount(places, ranking.scores, minlength=BINS)
    positives = np.bincount(places, ranking.labels, minlength=BINS)
    return tuple(
        Bin(
            score=float(scores[b] / rows[b]),
            share=float(positives[b] / rows[b]),
            rows=int(rows[b]),
        )
        for b in range(BINS)
        if rows[b]
    )
