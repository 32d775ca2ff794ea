"""Trees that a library grows and that are kept as plain arrays: nothing to unpickle, or to trust.

What a library keeps of a tree is a compiled object that a crafted file could make read anywhere.
Here a model file holds arrays, and they are checked before the first row goes through them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from switchyard.errors import RequestError
from switchyard.tables.arrays import added_up, checked, drawn, plain
from switchyard.tables.classes import two_classes
from switchyard.tables.tree_kernels import leaves

Floats = npt.NDArray[np.float64]

_BLOCK = 4_096
"""Rows that go through all trees at a time."""

_SHARES = ("decision-tree", "random-forest", "extra-trees")
"""Of these the trees of a classifier say shares of class 1, of the others log-odds."""


class _Trees(BaseEstimator):  # type: ignore[misc]
    """One tree or many, of the kind that `kind` names.

    kind: one of KINDS; trees: so many at the most; depth: of each, None for no bound; leaves: of
    each, of histogram boosting, LightGBM, and XGBoost without a depth; min_rows: fewest rows in a
    leaf; columns: share of the columns that a split (a tree, of LightGBM and XGBoost) looks at;
    rows: share of the rows that a tree of a booster sees; learning_rate, l2 and loss: of boosters;
    patience: rounds without a gain on a tenth of the rows after which a booster stops, 0 for never;
    n_jobs: threads or processes; random_state: the seed.
    Fitted state: `roots_`, `features_`, `lefts_`, `rights_`, `thresholds_`, `values_`, `covers_`
    (training rows): the nodes of all trees, one after the other; `weights_`, of the trees; `base_`,
    what is added to their sum; `background_`, training rows, of adaboost alone.
    """

    roots_: npt.NDArray[np.int64]
    features_: npt.NDArray[np.int32]
    lefts_: npt.NDArray[np.int32]
    rights_: npt.NDArray[np.int32]
    thresholds_: Floats
    values_: Floats
    covers_: Floats
    weights_: Floats
    base_: float

    KINDS: ClassVar[tuple[str, ...]]
    classifies: ClassVar[bool]

    def __init__(
        self,
        kind: str = "random-forest",
        *,
        trees: int = 100,
        depth: int | None = None,
        leaves: int = 31,
        min_rows: int = 1,
        columns: float = 1.0,
        rows: float = 1.0,
        learning_rate: float = 0.1,
        l2: float = 1.0,
        loss: str = "squared",
        patience: int = 0,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.kind = kind
        self.trees = trees
        self.depth = depth
        self.leaves = leaves
        self.min_rows = min_rows
        self.columns = columns
        self.rows = rows
        self.learning_rate = learning_rate
        self.l2 = l2
        self.loss = loss
        self.patience = patience
        self.n_jobs = n_jobs
        self.random_state = random_state

    def sums(self, X: Any) -> Floats:
        """Of each row, what its trees come to: their sum, or of adaboost their weighted median."""
        check_is_fitted(self, "roots_")
        rows = np.ascontiguousarray(checked(self, X))
        found = np.empty(len(rows))
        for start in range(0, len(rows), _BLOCK):
            part = rows[start : start + _BLOCK]
            told = np.empty((len(part), len(self.roots_)))
            leaves(
                part, self.roots_, self.features_, self.lefts_, self.rights_, self.thresholds_,
                self.values_, told,
            )  # fmt: skip
            found[start : start + _BLOCK] = self._joined(told)
        return found

    def _joined(self, told: Floats) -> Floats:
        if self.kind == "adaboost":
            order = np.argsort(told, axis=1, kind="stable")
            sums = np.cumsum(self.weights_[order], axis=1)
            middle = (sums >= 0.5 * sums[:, -1:]).argmax(axis=1)
            rows = np.arange(len(told))
            chosen: Floats = told[rows, order[rows, middle]]
            return chosen
        return added_up(self.base_, self.weights_ * told)

    def _grow(self, rows: Floats, truth: npt.NDArray[Any]) -> None:
        """RequestError for a kind that there is not."""
        from switchyard.tables.boosters import GROWERS
        from switchyard.tables.growing import grow

        if self.kind not in self.KINDS:
            raise RequestError(f"kind '{self.kind}' is none of {', '.join(self.KINDS)}")
        # As the rows will be compared: then no library can split between what is one to us.
        with np.errstate(over="ignore"):
            rows = rows.astype(np.float32).astype(np.float64)
        grown = GROWERS.get(self.kind, grow)(self, rows, truth)
        self._keep(grown.trees)
        self.weights_, self.base_ = np.array(grown.weights, np.float64), float(grown.base)
        if self.kind == "adaboost":
            self.background_ = drawn(rows, self.random_state)

    def _keep(self, trees: Sequence[Any]) -> None:
        starts = np.concatenate([[0], np.cumsum([len(tree.lefts) for tree in trees])])
        self.roots_ = starts[:-1].astype(np.int64)
        inner = [tree.lefts >= 0 for tree in trees]
        lefts = [tree.lefts + at for tree, at in zip(trees, self.roots_, strict=True)]
        rights = [tree.rights + at for tree, at in zip(trees, self.roots_, strict=True)]
        self.features_, self.lefts_, self.rights_ = (
            np.concatenate(
                [np.where(here, part, -1) for here, part in zip(inner, parts, strict=True)]
            ).astype(np.int32)
            for parts in ([tree.features for tree in trees], lefts, rights)
        )
        self.thresholds_, self.values_, self.covers_ = (
            np.concatenate(parts).astype(np.float64)
            for parts in zip(
                *((tree.thresholds, tree.values, tree.covers) for tree in trees), strict=True
            )
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        """ValueError for arrays that would lead a row out of its tree, or round in it."""
        super().__setstate__(state)
        if "roots_" in state and not _sound(self, state.get("n_features_in_")):
            raise ValueError("the model's trees are damaged: their nodes do not fit together")


class TreesRegressor(RegressorMixin, _Trees):  # type: ignore[misc]
    """A number by trees: one tree, their mean, their sum or, of adaboost, a weighted median.

    Parameters and fitted state: those of `_Trees`.
    """

    KINDS = (
        *("decision-tree", "random-forest", "extra-trees", "gradient-boosting"),
        *("histogram-boosting", "adaboost", "lightgbm", "xgboost", "catboost"),
    )
    classifies = False

    def fit(self, X: Any, y: Any) -> Self:
        """Grow the trees. RequestError for a kind, a loss or a library that there is not."""
        rows, truth = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        self._grow(rows, np.asarray(truth, np.float64))
        return self

    def predict(self, X: Any) -> Floats:
        """The predicted numbers; one row gets the same alone and among others, bit for bit."""
        return self.sums(X)


class TreesClassifier(ClassifierMixin, _Trees):  # type: ignore[misc]
    """Two classes by trees: a mean of shares, or a sum of log-odds.

    Parameters and fitted state: those of `_Trees`; `loss` is not looked at.
    """

    KINDS = (
        *("decision-tree", "random-forest", "extra-trees", "gradient-boosting"),
        *("histogram-boosting", "lightgbm", "xgboost", "catboost"),
    )
    classifies = True

    def fit(self, X: Any, y: Any) -> Self:
        """Grow the trees; ValueError unless y has exactly two classes."""
        rows, y = validate_data(self, X, y, dtype=np.float64)
        self.classes_, codes = two_classes(y)
        self._grow(rows, codes.astype(np.float64))
        return self

    @property
    def tells_shares(self) -> bool:
        """Whether the trees come to a probability; else to log-odds."""
        return self.kind in _SHARES

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities (n, 2) in the order of `classes_`."""
        told = self.sums(X)
        positive = told if self.tells_shares else expit(told)
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class of each row."""
        likelier = self.predict_proba(X)[:, 1] > 0.5
        classes: npt.NDArray[Any] = self.classes_[likelier.astype(int)]
        return classes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def _sound(model: Any, width: Any) -> bool:
    expected = {
        np.int64: [model.roots_],
        np.int32: [model.features_, model.lefts_, model.rights_],
        np.float64: [model.thresholds_, model.values_, model.covers_, model.weights_],
    }
    if not all(plain(array, kind) for kind, arrays in expected.items() for array in arrays):
        return False
    nodes = len(model.features_)
    arrays = (model.lefts_, model.rights_, model.thresholds_, model.values_, model.covers_)
    if not all(len(array) == nodes for array in arrays):
        return False
    inner, places = model.features_ >= 0, np.arange(nodes)
    lefts, rights = model.lefts_[inner], model.rights_[inner]
    ends = np.concatenate([model.lefts_[~inner], model.rights_[~inner]])
    background = getattr(model, "background_", None)
    return (
        isinstance(width, int)
        and isinstance(model.base_, float)
        and len(model.weights_) == len(model.roots_) > 0
        and bool(((model.roots_ >= 0) & (model.roots_ < nodes)).all())
        and bool((model.features_ < width).all())
        # Children come after their parents, so that every walk ends.
        and bool(((lefts > places[inner]) & (lefts < nodes)).all())
        and bool(((rights > places[inner]) & (rights < nodes)).all())
        and bool((ends == -1).all())
        # Each node is entered from one place, so that there are no more walks than leaves.
        and bool(
            (np.bincount(np.concatenate([model.roots_, lefts, rights]), minlength=nodes) == 1).all()
        )
        and (
            background is None
            or (plain(background, np.float64, 2) and background.shape[1] == width)
        )
    )
