"""What a regression is measured by: how far predictions lie from the truth, how sure they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.errors import DataError
from switchyard.evaluation.metrics import NUMBER_METRICS, Metric

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.uint16]

MEASURES = ("r2", "rmse", "mae", "median_ae", "bias", "coverage")
"""What `Residuals.measure` returns, in this order."""


def check_predicted(y: Any, predicted: Any) -> tuple[Floats, Floats]:
    """Truth and predictions as arrays; DataError names what is wrong."""
    truth, values = np.asarray(y, np.float64), np.asarray(predicted, np.float64)
    if truth.ndim != 1 or values.shape != truth.shape or len(truth) == 0:
        raise DataError(
            f"truth and predictions must be two rows of equal length, not empty; "
            f"their shapes are {truth.shape} and {values.shape}"
        )
    for name, column in (("truth", truth), ("prediction", values)):
        strange = np.flatnonzero(~np.isfinite(column))
        if len(strange):
            raise DataError(f"the {name} of row {strange[0]} is {column[strange[0]]}, no number")
    return truth, values


class Residuals:
    """A model's predictions beside the truth; half_width: of the intervals around predictions."""

    metrics: Mapping[str, Metric] = NUMBER_METRICS
    names = MEASURES

    def __init__(self, y: Any, predicted: Any, half_width: float) -> None:
        self.truth, self.predicted = check_predicted(y, predicted)
        self.rows = len(self.truth)
        self.errors: Floats = self.predicted - self.truth
        self.covered = np.abs(self.errors) <= half_width
        self._order = np.argsort(np.abs(self.errors), kind="stable")

    def measure(self, counts: Counts | None = None) -> Floats:
        """All of `MEASURES`; NaN where undefined. counts: how often each row is taken, once."""
        taken = np.ones(self.rows) if counts is None else counts.astype(np.float64)
        rows = taken.sum()
        if rows == 0:
            return np.full(len(MEASURES), np.nan)
        distances = np.abs(self.errors)
        squares = float(taken @ self.errors**2)
        mean = float(taken @ self.truth) / rows
        spread = float(taken @ (self.truth - mean) ** 2)
        passed = np.cumsum(taken[self._order])
        middle = self._order[np.searchsorted(passed, rows / 2.0)]
        return np.array(
            [
                1.0 - squares / spread if spread > 0 else np.nan,
                (squares / rows) ** 0.5,
                float(taken @ distances) / rows,
                float(distances[middle]),
                float(taken @ self.errors) / rows,
                float(taken @ self.covered) / rows,
            ]
        )

    @property
    def unmeasured(self) -> dict[str, str]:
        """Metric → why it cannot be measured on these rows."""
        if np.ptp(self.truth) == 0:
            return {"r2": "the target is the same in every row"}
        return {}
