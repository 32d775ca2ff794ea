"""LightGBM as a scikit-learn classifier saved as text: nothing to unpickle when it is loaded."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from switchyard.models.trees import load_lightgbm

LEAST_ROWS = 1_000
"""Of fewer rows none is kept aside."""


class LightGbmClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Two classes by gradient-boosted trees over numbers; the same seed gives the same trees.

    trees: boosting rounds at the most; patience: rounds without a gain on a tenth of the rows, kept
    aside, after which it stops (0, or fewer than `LEAST_ROWS` rows: never); leaves: per tree;
    min_rows: fewest rows in a leaf; columns: share of the columns that each tree sees; l2: penalty
    on the leaves; n_jobs: threads.
    Fitted state: `booster_`, LightGBM's own text format, `trees_` and `classes_`.
    """

    def __init__(
        self,
        *,
        trees: int = 500,
        patience: int = 30,
        leaves: int = 63,
        learning_rate: float = 0.1,
        min_rows: int = 20,
        columns: float = 0.8,
        l2: float = 1.0,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.trees = trees
        self.patience = patience
        self.leaves = leaves
        self.learning_rate = learning_rate
        self.min_rows = min_rows
        self.columns = columns
        self.l2 = l2
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Grow the trees; ValueError unless y has exactly two classes."""
        lightgbm = load_lightgbm()
        X, y = validate_data(self, X, y, dtype=[np.float32, np.float64], ensure_all_finite=False)
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}."
            )
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"y has one class, {self.classes_[0]!r}: two are needed to learn from")
        settings = {
            "objective": "binary",
            "num_leaves": self.leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.min_rows,
            "feature_fraction": self.columns,
            "lambda_l2": self.l2,
            "num_threads": self.n_jobs,
            "seed": self.random_state,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }
        booster = self._grown(lightgbm, settings, X, codes)
        self.trees_ = int(booster.best_iteration) or booster.num_trees()
        self.booster_ = booster.model_to_string(num_iteration=self.trees_)
        self._loaded = lightgbm.Booster(model_str=self.booster_)
        return self

    def _grown(self, lightgbm: Any, settings: dict[str, Any], X: Any, codes: Any) -> Any:
        """The trees; rows kept aside say when they are enough."""
        if not self.patience or len(codes) < LEAST_ROWS:
            whole = lightgbm.Dataset(X, codes, params=settings)
            return lightgbm.train(settings, whole, num_boost_round=self.trees)
        kept, aside = train_test_split(
            np.arange(len(codes)), test_size=0.1, stratify=codes, random_state=self.random_state
        )
        known = lightgbm.Dataset(X[kept], codes[kept], params=settings)
        unseen = lightgbm.Dataset(X[aside], codes[aside], reference=known)
        stop = lightgbm.early_stopping(self.patience, verbose=False)
        return lightgbm.train(settings, known, self.trees, valid_sets=[unseen], callbacks=[stop])

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Probabilities (n, 2) in the order of `classes_`."""
        check_is_fitted(self, "booster_")
        X = validate_data(
            self, X, reset=False, dtype=[np.float32, np.float64], ensure_all_finite=False
        )
        positive = np.asarray(self._loaded.predict(X, num_threads=self.n_jobs))
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class of each row."""
        likelier = self.predict_proba(X)[:, 1] > 0.5
        classes: npt.NDArray[Any] = self.classes_[likelier.astype(int)]
        return classes

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_loaded", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "booster_" in state:
            self._loaded = load_lightgbm().Booster(model_str=self.booster_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags
