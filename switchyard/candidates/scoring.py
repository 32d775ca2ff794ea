"""What tuning optimises: one number from true classes and scores, higher is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    roc_curve,
    root_mean_squared_error,
)

from switchyard.errors import RequestError

Scorer = Callable[[npt.NDArray[Any], npt.NDArray[np.float64]], float]

FALSE_POSITIVE_RATE = 0.01


def recall_at_fpr(y: npt.NDArray[Any], scores: npt.NDArray[np.float64]) -> float:
    """The highest recall of class 1 at a false-positive rate of at most `FALSE_POSITIVE_RATE`."""
    rates, recalls, _ = roc_curve(y, scores, drop_intermediate=False)
    return float(recalls[rates <= FALSE_POSITIVE_RATE].max())


def accuracy(y: npt.NDArray[Any], scores: npt.NDArray[np.float64]) -> float:
    """The share of rows on the right side of a probability of one half."""
    return float(accuracy_score(y, scores > 0.5))


SCORERS: Mapping[str, Scorer] = {
    "roc_auc": lambda y, scores: float(roc_auc_score(y, scores)),
    "average_precision": lambda y, scores: float(average_precision_score(y, scores)),
    "accuracy": accuracy,
    "recall_at_fpr": recall_at_fpr,
}
"""By the names that `tuning.metric` may have; scores are probabilities of class 1."""

NUMBER_SCORERS: Mapping[str, Scorer] = {
    "r2": lambda y, predicted: float(r2_score(y, predicted)),
    "rmse": lambda y, predicted: -float(root_mean_squared_error(y, predicted)),
    "mae": lambda y, predicted: -float(mean_absolute_error(y, predicted)),
}
"""Of regressions; those of which less is better are negative."""


def scorer_of(metric: str, *, numbers: bool) -> Scorer:
    """The scorer of that name; RequestError when there is none for the task."""
    known = NUMBER_SCORERS if numbers else SCORERS
    if metric not in known:
        raise RequestError(
            f"tuning.metric: '{metric}' cannot be tuned for; choose one of {', '.join(known)}"
        )
    return known[metric]
