"""The accurate tier: trees over lexical numbers and what the fast one says of unseen URLs."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.utils.validation import check_is_fitted, column_or_1d

from switchyard.errors import DataError
from switchyard.models.evidence import EVIDENCE_NAMES
from switchyard.models.fast import HashedNgramClassifier
from switchyard.models.rows import check_rows, two_classes
from switchyard.models.trees import load_lightgbm
from switchyard.urls.bulk import canonicalise_all
from switchyard.urls.lexical import LEXICAL_NAMES, lexical_features

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.float32]

_PATIENCE = 50


class StackedUrlClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Boosted trees over lexical numbers and the fast model's out-of-fold evidence of a URL.

    The rows are cut into folds; a fast model learnt on the others gives each fold its evidence.
    Trees are added on all folds but the first until its log-loss stops falling, which also keeps
    the probabilities calibrated. Then the fast model is learnt again on all rows.

    folds: for the evidence; trees: at most; leaves, min_rows, columns, l2, learning_rate:
    LightGBM's; n_jobs: threads; random_state: of folds, fast model and trees.
    Fitted state: `classes_`; `fast_`; `booster_`, LightGBM's own text format; `trees_`, how many.
    """

    def __init__(
        self,
        *,
        folds: int = 5,
        trees: int = 2000,
        leaves: int = 63,
        learning_rate: float = 0.05,
        min_rows: int = 50,
        columns: float = 0.5,
        l2: float = 1.0,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.folds = folds
        self.trees = trees
        self.leaves = leaves
        self.learning_rate = learning_rate
        self.min_rows = min_rows
        self.columns = columns
        self.l2 = l2
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Learn; rows of one group (a registered domain) stay in one fold when groups are given."""
        urls, labels = check_rows(X, y)
        self.classes_ = two_classes(labels)
        folds = self._folds(labels, groups)
        numbers = np.empty((len(urls), len(EVIDENCE_NAMES) + len(LEXICAL_NAMES)), np.float32)
        numbers[:, len(EVIDENCE_NAMES) :] = lexical_features(urls)
        Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(self._weigh_fold)(urls, labels, folds == fold, numbers)
            for fold in range(self.folds)
        )
        self._grow(numbers, (labels == self.classes_[1]).astype(np.int8), folds == 0)
        self.fast_ = self._fast().fit(urls, labels)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities (n, 2) in the order of `classes_`."""
        check_is_fitted(self, "booster_")
        urls = canonicalise_all(X)
        if len(urls) == 0:
            return np.empty((0, 2))
        numbers = np.hstack([self.fast_.evidence_canonical(urls), lexical_features(urls)])
        positive = np.asarray(self._trees().predict(numbers, num_threads=self.n_jobs), np.float64)
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class of each row."""
        likelier = self.predict_proba(X)[:, 1] >= 0.5
        chosen: npt.NDArray[Any] = self.classes_[likelier.astype(np.intp)]
        return chosen

    def score_one(self, url: str) -> float:
        """The probability of the second class for one URL."""
        return float(self.predict_proba([url])[0, 1])

    def _fast(self) -> HashedNgramClassifier:
        return HashedNgramClassifier(random_state=self.random_state)

    def _folds(self, labels: npt.NDArray[Any], groups: Any) -> npt.NDArray[np.int8]:
        """The fold of each row; DataError when there are too few rows or groups for the folds."""
        keys = None
        if groups is not None:  # as numbers: scikit-learn compares strings one by one
            keys = np.unique(column_or_1d(groups), return_inverse=True)[1]
        if keys is not None and len(keys) != len(labels):
            raise DataError(f"{len(labels)} URLs came with {len(keys)} groups; pass one for each")
        least = (
            np.unique(labels, return_counts=True)[1].min() if keys is None else len(np.unique(keys))
        )
        if least < self.folds:
            what = "rows in the smaller class" if keys is None else "groups"
            raise DataError(
                f"{self.folds} folds cannot be made of {least} {what}; "
                "pass more rows or fewer folds"
            )
        kind = StratifiedKFold if keys is None else GroupKFold
        cuts = kind(self.folds, shuffle=True, random_state=self.random_state)
        folds = np.empty(len(labels), np.int8)
        for fold, (_, rows) in enumerate(cuts.split(labels, labels, keys)):
            folds[rows] = fold
        return folds

    def _weigh_fold(
        self,
        urls: pa.LargeStringArray,
        labels: npt.NDArray[Any],
        held: npt.NDArray[np.bool_],
        numbers: Numbers,
    ) -> None:
        """Fill the evidence of the rows held back from a fast model learnt on the others."""
        model = self._fast().fit(urls.filter(pa.array(~held)), labels[~held])
        numbers[held, : len(EVIDENCE_NAMES)] = model.evidence_canonical(urls.filter(pa.array(held)))

    def _grow(
        self, numbers: Numbers, positive: npt.NDArray[np.int8], held: npt.NDArray[np.bool_]
    ) -> None:
        lightgbm = load_lightgbm()
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
            "force_row_wise": True,
            "verbosity": -1,
        }
        known = lightgbm.Dataset(numbers[~held], positive[~held], params=settings)
        unseen = lightgbm.Dataset(numbers[held], positive[held], reference=known)
        stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
        booster = lightgbm.train(settings, known, self.trees, valid_sets=[unseen], callbacks=[stop])
        self.trees_ = int(booster.best_iteration)
        self.booster_ = booster.model_to_string(num_iteration=self.trees_)
        self.__dict__.pop("_loaded", None)

    def _trees(self) -> Any:
        """The booster, built from its text when it is first needed."""
        if "_loaded" not in self.__dict__:
            self._loaded = load_lightgbm().Booster(model_str=self.booster_)
        return self._loaded

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_loaded", None)
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_class = False
        return tags
