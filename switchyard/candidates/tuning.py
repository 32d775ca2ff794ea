"""Tuning: search of one candidate, cross-validated by the split's group key."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from switchyard.candidates.catalogue import build, nested
from switchyard.candidates.fitting import told
from switchyard.candidates.folds import make_folds, sample_rows
from switchyard.candidates.results import Curve, GridPoint, TuningResult
from switchyard.candidates.scoring import scorer_of
from switchyard.candidates.validation import prepare, run
from switchyard.configuration.model import Candidate, Tuning

Progress = Callable[[int, int, str], None]


def tune(
    candidate: Candidate,
    rows: Any,
    y: Any,
    groups: Any,
    tuning: Tuning,
    seed: int,
    progress: Progress | None = None,
    *,
    sizes: Sequence[int] | None = None,
    numbers: bool = False,
) -> TuningResult:
    """Score every point of the candidate's grid, or a draw of them, on the same folds of a sample.

    rows: URLs, or coded rows of a table whose inputs have these sizes; y: 0 or 1, or numbers, as
    `numbers` says; groups: a key a row, or None.
    progress(done, total, text) is called after each fit, in this process. RequestError for an
    unknown parameter or one that the estimator refuses; DataError for too little data.
    """
    began = time.perf_counter()
    scorer_of(tuning.metric, numbers=numbers)
    template = build(candidate, seed, sizes)
    nested(candidate, candidate.search)
    points = points_of(candidate, tuning, seed)
    given = np.asarray(rows, dtype=object if sizes is None else np.float64)
    taken_rows = sample_rows(rows if sizes is None else given, groups, tuning.max_rows)
    labels = np.asarray(y)[taken_rows]
    keys = None if groups is None else np.asarray(groups)[taken_rows]
    folds = make_folds(
        labels, keys, tuning.folds, seed, numbers=numbers, stratified=sizes is not None
    )
    searched = set(nested(candidate, points[0]))
    work = prepare(template, searched, given[taken_rows], labels, keys, numbers=numbers)

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
        rows=len(taken_rows),
        seconds=time.perf_counter() - began,
    )


def points_of(candidate: Candidate, tuning: Tuning, seed: int) -> list[dict[str, Any]]:
    """The points of the grid, or `tuning.trials` of them drawn at random, each once."""
    grid = [
        dict(zip(candidate.search, values, strict=True))
        for values in product(*candidate.search.values())
    ]
    if tuning.search == "grid" or len(grid) <= tuning.trials:
        return grid
    drawn = np.random.default_rng(seed).choice(len(grid), tuning.trials, replace=False)
    return [grid[at] for at in sorted(drawn.tolist())]


def _curve(parameter: str, best: GridPoint, table: tuple[GridPoint, ...]) -> Curve:
    others = {name: value for name, value in best.parameters.items() if name != parameter}
    along = [point for point in table if others.items() <= point.parameters.items()]
    return Curve(
        parameter=parameter,
        values=tuple(point.parameters[parameter] for point in along),
        means=tuple(point.mean for point in along),
        stds=tuple(point.std for point in along),
    )
