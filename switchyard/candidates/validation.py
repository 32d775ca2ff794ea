"""Cross-validation of one candidate: what no fold or point changes is computed once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from switchyard.candidates.catalogue import nested
from switchyard.candidates.fitting import Groups, Labels, fit_named, told
from switchyard.candidates.folds import Fold
from switchyard.candidates.scoring import scorer_of
from switchyard.configuration.model import Candidate, Scalar, Tuning
from switchyard.tasks.scores import scores_of


@dataclass(frozen=True)
class Work:
    """The sample after the steps that no fold and no point changes, and the steps that remain."""

    features: Any
    y: Labels
    groups: Groups
    once_a_fold: Pipeline | None
    rest: BaseEstimator
    numbers: bool = False


def prepare(
    template: BaseEstimator,
    searched: set[str],
    rows: npt.NDArray[Any],
    y: Labels,
    groups: Groups,
    *,
    numbers: bool = False,
) -> Work:
    """Run the leading steps that learn nothing and are not searched now, once for all folds."""
    if not isinstance(template, Pipeline):
        return Work(rows, y, groups, None, template, numbers)
    steps = list(template.steps)
    changing = {name.split("__")[0] for name in searched}
    fixed = next(
        (at for at, (name, _) in enumerate(steps[:-1]) if name in changing), len(steps) - 1
    )
    stateless = next(
        (at for at, (_, step) in enumerate(steps[:fixed]) if get_tags(step).requires_fit), fixed
    )
    features: Any = rows
    for _, step in steps[:stateless]:
        features = step.fit_transform(features)
    if isinstance(features, list):
        features = np.asarray(features, dtype=object)
    return Work(
        features,
        y,
        groups,
        Pipeline(steps[stateless:fixed]) if fixed > stateless else None,
        Pipeline(steps[fixed:]),
        numbers,
    )


Outcome = tuple[int, float, float]


def run(
    work: Work,
    candidate: Candidate,
    points: list[dict[str, Scalar]],
    folds: list[Fold],
    tuning: Tuning,
) -> Iterator[tuple[int, list[Outcome]]]:
    """Outcomes (point, score, seconds) by fold; points that share a fold's features go together."""
    wanted = len(points) if work.once_a_fold is None else -(-tuning.jobs // len(folds))
    chunks = np.array_split(np.arange(len(points)), min(wanted, len(points)))
    tasks = [
        delayed(_score_fold)(work, candidate, points, chunk.tolist(), number, fold, tuning.metric)
        for chunk in chunks
        for number, fold in enumerate(folds)
    ]
    workers = min(tuning.jobs, len(tasks))
    yield from Parallel(n_jobs=workers, return_as="generator_unordered")(tasks)


def _score_fold(
    work: Work,
    candidate: Candidate,
    points: list[dict[str, Scalar]],
    chosen: list[int],
    number: int,
    fold: Fold,
    metric: str,
) -> tuple[int, list[Outcome]]:
    train, test = fold
    groups = None if work.groups is None else work.groups[train]
    seen, unseen = work.features[train], work.features[test]
    if work.once_a_fold is not None:
        steps = clone(work.once_a_fold)
        seen = steps.fit_transform(seen, work.y[train])
        unseen = steps.transform(unseen)
    outcomes = []
    for point in chosen:
        began = time.perf_counter()
        name = f"candidate '{candidate.name}'{told(points[point])}"
        model = clone(work.rest).set_params(**nested(candidate, points[point]))
        fit_named(model, seen, work.y[train], groups, name)
        found = scores_of(model, unseen, numbers=work.numbers)
        score = scorer_of(metric, numbers=work.numbers)(work.y[test], found)
        outcomes.append((point, score, time.perf_counter() - began))
    return number, outcomes
