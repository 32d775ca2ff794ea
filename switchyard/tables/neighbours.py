"""Numbers by the nearest training rows, which are all that is kept."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from switchyard.errors import RequestError
from switchyard.tables.arrays import checked, drawn, plain
from switchyard.tables.neighbour_kernels import nearest

Floats = npt.NDArray[np.float64]

WEIGHTS = ("uniform", "distance")


class NeighboursRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The mean number of the nearest rows, by squared or absolute differences.

    neighbours: so many, or all if there are fewer; weights: uniform, or distance: the nearer the
    more; power: 2 or 1, of the differences; most: of more training rows so many are drawn;
    random_state: the seed of that. Of rows that are equally near the first counts.
    Fitted state: `rows_` (n, features), `numbers_` (n,), `background_`, some of the rows.
    """

    rows_: Floats
    numbers_: Floats
    background_: Floats

    def __init__(
        self,
        *,
        neighbours: int = 5,
        weights: str = "uniform",
        power: int = 2,
        most: int = 10_000,
        random_state: int = 0,
    ) -> None:
        self.neighbours = neighbours
        self.weights = weights
        self.power = power
        self.most = most
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Keep the rows. RequestError for weights or a power that there are not."""
        rows, truth = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        if self.weights not in WEIGHTS:
            raise RequestError(f"weights '{self.weights}' is none of {', '.join(WEIGHTS)}")
        if self.power not in (1, 2) or self.neighbours < 1:
            raise RequestError("neighbours must be at least 1, and power 1 or 2")
        kept = np.arange(len(rows))
        if len(rows) > self.most:
            random = np.random.default_rng(self.random_state)
            kept = np.sort(random.choice(len(rows), self.most, replace=False))
        self.rows_ = np.array(rows[kept], np.float64, order="C")
        self.numbers_ = np.array(truth[kept], np.float64)
        self.background_ = drawn(self.rows_, self.random_state)
        return self

    def predict(self, X: Any) -> Floats:
        """The predicted numbers; one row gets the same alone and among others, bit for bit."""
        check_is_fitted(self, "rows_")
        rows = np.ascontiguousarray(checked(self, X))
        found = np.empty(len(rows))
        count = max(1, min(self.neighbours, len(self.rows_)))
        nearest(
            rows, self.rows_, self.numbers_, count, self.power, self.weights == "distance", found
        )
        return found

    def __setstate__(self, state: dict[str, Any]) -> None:
        """ValueError for rows and numbers that do not fit together."""
        super().__setstate__(state)
        if "rows_" not in state:
            return
        width = state.get("n_features_in_")
        sound = (
            plain(self.rows_, np.float64, 2)
            and plain(self.background_, np.float64, 2)
            and plain(self.numbers_, np.float64)
            and self.rows_.shape == (len(self.numbers_), width)
            and self.background_.shape[1] == width
            and len(self.numbers_) > 0
            and type(self.neighbours) is int
            and self.power in (1, 2)
        )
        if not sound:
            raise ValueError("the model's rows are damaged: they do not fit together")
