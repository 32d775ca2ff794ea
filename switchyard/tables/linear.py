"""Linear models of numbers: scikit-learn finds the coefficients, which is all that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from switchyard.errors import RequestError

Floats = npt.NDArray[np.float64]


class LinearRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A number as a sum of terms: each feature times its coefficient, and the intercept.

    kind: ordinary, ridge, lasso or elastic-net; alpha: the penalty's weight, of all but ordinary;
    mix: of elastic-net, the share of the lasso's penalty; random_state: the seed.
    Fitted state: `coef_` (features,), `intercept_`.
    """

    coef_: Floats
    intercept_: float

    KINDS: ClassVar[Mapping[str, str]] = {
        "ordinary": "_ordinary",
        "ridge": "_ridge",
        "lasso": "_lasso",
        "elastic-net": "_elastic_net",
    }

    def __init__(
        self,
        kind: str = "ordinary",
        *,
        alpha: float = 0.1,
        mix: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.kind = kind
        self.alpha = alpha
        self.mix = mix
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Find the coefficients. RequestError for a kind that there is not."""
        rows, truth = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        if self.kind not in self.KINDS:
            raise RequestError(f"kind '{self.kind}' is none of {', '.join(self.KINDS)}")
        found = getattr(self, self.KINDS[self.kind])().fit(rows, truth)
        self.coef_ = np.asarray(found.coef_, np.float64).ravel()
        self.intercept_ = float(np.ravel(found.intercept_)[0])
        return self

    def predict(self, X: Any) -> Floats:
        """The predicted numbers; one row gets the same alone and among others, bit for bit."""
        check_is_fitted(self, "coef_")
        rows: Floats = validate_data(self, X, reset=False, dtype=np.float64)
        # Term by term: a matrix product may add the terms of many rows in another order.
        total = np.full(len(rows), self.intercept_)
        for at, coefficient in enumerate(self.coef_):
            total += coefficient * rows[:, at]
        return total

    def _ordinary(self) -> Any:
        from sklearn.linear_model import LinearRegression

        return LinearRegression()

    def _ridge(self) -> Any:
        from sklearn.linear_model import Ridge

        return Ridge(alpha=self.alpha, random_state=self.random_state)

    def _lasso(self) -> Any:
        from sklearn.linear_model import Lasso

        return Lasso(alpha=self.alpha, random_state=self.random_state, max_iter=10_000)

    def _elastic_net(self) -> Any:
        from sklearn.linear_model import ElasticNet

        return ElasticNet(
            alpha=self.alpha,
            l1_ratio=self.mix,
            random_state=self.random_state,
            max_iter=10_000,
        )
