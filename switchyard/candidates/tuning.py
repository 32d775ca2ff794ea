"""Tuning: grid search of one candidate, cross-validated by the split's group key."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from switchyard.candidates.catalogue import build, nested
from switchyard.candidates.fitting import told
from switchyard.candidates.folds import make_folds, sample_rows
from switchyard.candidates.results import Curve, GridPoint, TuningResult
from switchyard.candidates.validation import prepare, run
from switchyard.configuration.model import Candidate, Tuning

Progress = Callable[[int, int, str], None]


def tune(
    candidate: Candidate,
    urls: Any,
    y: Any,
    groups: Any,
    tuning: Tuning,
    seed: int,
    progress: Progress | None = None,
) -> TuningResult:
    """Score every point of the candidate's grid on the same folds of a fixed sample.

    urls, y (0 or 1) and groups (or None) are columns of equal length: lists, arrays or Series.
    progress(done, total, text) is called after each fit, in this process. RequestError for an
    unknown parameter or one that the estimator refuses; DataError for too little data.
    """
    began = time.perf_counter()
    template = build(candidate, seed)
    nested(candidate, candidate.search)
    points = [
        dict(zip(candidate.search, values, strict=True))
        for values in product(*candidate.search.values())
    ]
    rows = sample_rows(urls, groups, tuning.max_rows)
    labels = np.asarray(y)[rows]
    keys = None if groups is None else np.asarray(groups)[rows]
    folds = make_folds(labels, keys, tuning.folds, seed)
    searched = set(nested(candidate, points[0]))
    work = prepare(template, searched, np.asarray(urls, dtype=object)[rows], labels, keys)

    scores = np.full((len(points), len(folds)), np.nan)
    seconds = np.zeros_like(scores)
    total = scores.size
    done = 0
    for fold, outcomes in run(work, candidate, points, folds, tuning):
        for point, score, taken in outcomes:
            scores[point, fold], seconds[point, fold] = score, taken
            done += 1
            if progress is not None:
                said = told(points[point])
                text = f"{candidate.name}{said}, fold {fold + 1}: {tuning.metric} {score:.4f}"
                progress(done, total, text)

    table = tuple(
        GridPoint(
            parameters=point,
            mean=float(row.mean()),
            std=float(row.std()),
            scores=tuple(map(float, row)),
            fit_seconds=float(taken.sum()),
        )
        for point, row, taken in zip(points, scores, seconds, strict=True)
    )
    best = max(table, key=lambda point: point.mean)
    return TuningResult(
        candidate=candidate.name,
        estimator=candidate.estimator,
        metric=tuning.metric,
        parameters={**candidate.parameters, **best.parameters},
        mean=best.mean,
        std=best.std,
        table=table,
        curves=tuple(_curve(name, best, table) for name in candidate.search),
        rows=len(rows),
        seconds=time.perf_counter() - began,
    )


def _curve(parameter: str, best: GridPoint, table: tuple[GridPoint, ...]) -> Curve:
    others = {name: value for name, value in best.parameters.items() if name != parameter}
    along = [point for point in table if others.items() <= point.parameters.items()]
    return Curve(
        parameter=parameter,
        values=tuple(point.parameters[parameter] for point in along),
        means=tuple(point.mean for point in along),
        stds=tuple(point.std for point in along),
    )
