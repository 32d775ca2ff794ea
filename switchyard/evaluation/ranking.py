"""One pass over sorted scores measures all; a resample is the same pass with other counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.errors import DataError

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.uint16]

RATES = (0.01, 0.001, 0.0001)
"""False-positive rates at which recall is read."""

BINS = 15
"""Equal-width bins of the calibration error."""

MEASURES = (
    "accuracy",
    "precision",
    "recall",
    "f1",
    "roc_auc",
    "pr_auc",
    "brier",
    "ece",
    *("recall_at_1pct_fpr", "recall_at_01pct_fpr", "recall_at_001pct_fpr"),
)
"""What `Ranking.measure` returns, in this order; the last ones follow `RATES`."""


def check_scored(y: Any, score: Any) -> tuple[Labels, Floats]:
    """Labels 0/1 and probabilities of class 1 as arrays; DataError names what is wrong."""
    labels, scores = np.asarray(y), np.asarray(score, np.float64)
    if labels.ndim != 1 or scores.shape != labels.shape or len(labels) == 0:
        raise DataError(
            f"labels and scores must be two rows of equal length, not empty; "
            f"their shapes are {labels.shape} and {scores.shape}"
        )
    if not np.isin(labels, (0, 1)).all():
        raise DataError(f"labels must be 0 or 1, but one is {labels[~np.isin(labels, (0, 1))][0]}")
    strange = ~((scores >= 0.0) & (scores <= 1.0))
    if strange.any():
        row = int(np.flatnonzero(strange)[0])
        raise DataError(f"scores must be probabilities, but that of row {row} is {scores[row]}")
    return labels.astype(np.uint8), scores


class Ranking:
    """A model's scores on labelled rows, sorted once, highest first."""

    def __init__(self, y: Any, score: Any) -> None:
        labels, scores = check_scored(y, score)
        order = np.argsort(-scores, kind="stable")
        self.order = order.astype(np.int32)
        self.labels: Labels = labels[order]
        self.scores: Floats = scores[order]
        self.rows = len(labels)
        self.positives = int(labels.sum())
        self.negatives = self.rows - self.positives

    def measure(
        self,
        threshold: float,
        counts: Counts | None = None,
        rates: tuple[float, ...] = RATES,
        bins: int = BINS,
    ) -> Floats:
        """All of `MEASURES`; NaN where undefined. counts: how often each row is taken, once."""
        from switchyard.evaluation.kernel import measure

        if counts is None:
            counts = np.ones(self.rows, np.uint16)
        out = np.empty(8 + len(rates))
        measure(self.order, self.labels, self.scores, counts, threshold, np.array(rates), bins, out)
        return out

    def steps(self) -> tuple[Floats, Floats, Floats]:
        """At each distinct score, descending: the score, positives and negatives at or above it."""
        last = np.append(np.flatnonzero(np.diff(self.scores)), self.rows - 1)
        above = np.cumsum(self.labels, dtype=np.int64)[last].astype(np.float64)
        return self.scores[last], above, last + 1.0 - above
