"""A linear SVM by stochastic gradient descent whose margins become probabilities."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

FLATTEST = 1e-6
"""The least slope of the sigmoid: a falling one would turn the order of the rows around."""


class CalibratedSvm(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Linear SVM (smoothed hinge loss) with Platt's sigmoid fitted on out-of-fold margins.

    The folds keep groups together when `fit` is given them: a sigmoid fitted on rows whose group
    the machine has seen is overconfident on new groups.
    C: inverse of the L2 penalty, as in `LinearSVC`: the best value found on a sample holds for all
    rows. epochs: passes over the rows; folds: for the margins.
    """

    def __init__(
        self, *, C: float = 1.0, epochs: int = 10, folds: int = 3, random_state: int = 0
    ) -> None:
        self.C = C
        self.epochs = epochs
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Fit on a dense or CSR table (n, d), two classes and the keys (n,) to keep together."""
        if not self.C > 0:
            raise ValueError(f"C must be greater than 0, not {self.C}")
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32])
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}."
            )
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"y has one class, {self.classes_[0]!r}: two are needed to learn from")
        self.machine_ = self._machine(len(codes)).fit(X, codes)
        platt = LogisticRegression(C=1e6).fit(*self._margins(X, codes, groups))
        self.slope_ = float(platt.coef_[0, 0])
        self.offset_ = float(platt.intercept_[0])
        if self.slope_ < FLATTEST:  # the folds found nothing: keep the order, claim no more
            self.slope_, self.offset_ = FLATTEST, float(logit(codes.mean()))
        return self

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Log-odds (n,) of the second class."""
        check_is_fitted(self, "machine_")
        X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=[np.float64, np.float32])
        margins = np.asarray(self.machine_.decision_function(X), np.float64)
        return margins * self.slope_ + self.offset_

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Probabilities (n, 2) in the order of `classes_`."""
        positive = expit(self.decision_function(X))
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class of each row."""
        likelier = self.decision_function(X) > 0
        classes: npt.NDArray[Any] = self.classes_[likelier.astype(int)]
        return classes

    def _machine(self, rows: int) -> SGDClassifier:
        return SGDClassifier(
            loss="modified_huber",
            alpha=1.0 / (self.C * rows),
            max_iter=self.epochs,
            tol=None,
            random_state=self.random_state,
        )

    def _margins(
        self, X: Any, codes: npt.NDArray[np.int64], groups: Any
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Out-of-fold margins (m, 1) and their classes; in-sample ones for data too few to fold."""
        if groups is not None and len(np.unique(np.asarray(groups))) >= self.folds:
            folds = list(GroupKFold(self.folds).split(X, codes, groups))
        elif np.bincount(codes).min() >= self.folds:
            shuffled = StratifiedKFold(self.folds, shuffle=True, random_state=self.random_state)
            folds = list(shuffled.split(X, codes))
        else:
            folds = []
        usable = [(train, test) for train, test in folds if len(np.unique(codes[train])) == 2]
        if not usable or len(np.unique(codes[np.concatenate([t for _, t in usable])])) < 2:
            return self.machine_.decision_function(X)[:, None], codes
        margins = [
            self._machine(len(train)).fit(X[train], codes[train]).decision_function(X[test])
            for train, test in usable
        ]
        where = np.concatenate([test for _, test in usable])
        return np.concatenate(margins)[:, None], codes[where]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.sparse = True
        return tags
