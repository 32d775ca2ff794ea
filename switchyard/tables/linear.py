"""Linear models of tables: scikit-learn finds the coefficients, which is all that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from switchyard.errors import RequestError
from switchyard.tables.arrays import plain
from switchyard.tables.classes import two_classes

Floats = npt.NDArray[np.float64]


class _Linear(BaseEstimator):  # type: ignore[misc]
    """A sum of terms. `coef_` and `means_` (features,): of the training rows; `intercept_`."""

    coef_: Floats
    means_: Floats
    intercept_: float

    def sums(self, X: Any) -> Floats:
        """Of each row, each feature times its coefficient, and the intercept."""
        check_is_fitted(self, "coef_")
        rows: Floats = validate_data(self, X, reset=False, dtype=np.float64)
        # Term by term: a matrix product may add the terms of many rows in another order.
        total = np.full(len(rows), self.intercept_)
        for at, coefficient in enumerate(self.coef_):
            total += coefficient * rows[:, at]
        return total

    def _keep(self, found: Any, rows: Floats) -> None:
        self.coef_ = np.array(found.coef_, np.float64).ravel()
        self.intercept_ = float(np.ravel(found.intercept_)[0])
        self.means_ = rows.mean(axis=0)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """ValueError for coefficients that are not one for each feature."""
        super().__setstate__(state)
        if "coef_" not in state:
            return
        width = state.get("n_features_in_")
        sound = all(
            plain(values, np.float64) and len(values) == width
            for values in (self.coef_, self.means_)
        )
        if not (sound and isinstance(self.intercept_, float)):
            raise ValueError("the model's coefficients are damaged: not one for each feature")


class LinearRegressor(RegressorMixin, _Linear):  # type: ignore[misc]
    """A number as a sum of terms: each feature times its coefficient, and the intercept.

    kind: ordinary, ridge, lasso or elastic-net; alpha: the penalty's weight, of all but ordinary;
    mix: of elastic-net, the share of the lasso's penalty; random_state: the seed.
    Fitted state: that of `_Linear`.
    """

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
        self._keep(getattr(self, self.KINDS[self.kind])().fit(rows, truth), rows)
        return self

    def predict(self, X: Any) -> Floats:
        """The predicted numbers; one row gets the same alone and among others, bit for bit."""
        return self.sums(X)

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


class LinearClassifier(ClassifierMixin, _Linear):  # type: ignore[misc]
    """Two classes by logistic regression: log-odds as a sum of terms.

    C: how little the squares of the coefficients are held down; max_iter: steps at the most.
    Fitted state: that of `_Linear`, `classes_`, and `n_iter_`, the steps it took.
    """

    def __init__(self, *, C: float = 1.0, max_iter: int = 1_000) -> None:
        self.C = C
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any) -> Self:
        """Find the coefficients; ValueError unless y has exactly two classes."""
        from sklearn.linear_model import LogisticRegression

        rows, y = validate_data(self, X, y, dtype=np.float64)
        self.classes_, codes = two_classes(y)
        found = LogisticRegression(C=self.C, max_iter=self.max_iter).fit(rows, codes)
        self._keep(found, rows)
        self.n_iter_ = int(found.n_iter_.max())
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities (n, 2) in the order of `classes_`."""
        positive = expit(self.sums(X))
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class of each row."""
        likelier = self.sums(X) > 0.0
        classes: npt.NDArray[Any] = self.classes_[likelier.astype(int)]
        return classes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
