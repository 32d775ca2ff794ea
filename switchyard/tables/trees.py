"""Trees that are grown by scikit-learn and kept as plain arrays: nothing to unpickle, or to trust.

What scikit-learn keeps of a tree is a compiled object that a crafted file could make read anywhere.
Here a model file holds arrays, and they are checked before the first row goes through them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from switchyard.errors import RequestError
from switchyard.tables.tree_kernels import leaves

Floats = npt.NDArray[np.float64]

_BLOCK = 4_096
"""Rows that go through all trees at a time."""


class TreesRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A number by one tree or many, of the kind that `kind` names.

    kind: decision-tree, random-forest, extra-trees, gradient-boosting or adaboost; trees: so many
    at the most; depth: of each, None for no bound; min_rows: fewest rows in a leaf; columns: share
    of the columns that a split looks at; learning_rate and loss: of the boosted ones; patience:
    rounds of gradient boosting without a gain on a tenth of the rows after which it stops, 0 for
    never; n_jobs: processes that grow trees; random_state: the seed.
    Fitted state: `roots_`, `features_`, `lefts_`, `rights_`, `thresholds_`, `values_`: the nodes of
    all trees, one after the other; `weights_`, of the trees; `base_`, what is added to their sum.
    """

    roots_: npt.NDArray[np.int64]
    features_: npt.NDArray[np.int32]
    lefts_: npt.NDArray[np.int32]
    rights_: npt.NDArray[np.int32]
    thresholds_: Floats
    values_: Floats
    weights_: Floats
    base_: float

    KINDS: ClassVar[Mapping[str, str]] = {
        "decision-tree": "_decision_tree",
        "random-forest": "_random_forest",
        "extra-trees": "_extra_trees",
        "gradient-boosting": "_gradient_boosting",
        "adaboost": "_adaboost",
    }

    def __init__(
        self,
        kind: str = "random-forest",
        *,
        trees: int = 100,
        depth: int | None = None,
        min_rows: int = 1,
        columns: float = 1.0,
        learning_rate: float = 0.1,
        loss: str = "squared",
        patience: int = 0,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.kind = kind
        self.trees = trees
        self.depth = depth
        self.min_rows = min_rows
        self.columns = columns
        self.learning_rate = learning_rate
        self.loss = loss
        self.patience = patience
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Grow the trees. RequestError for a kind that there is not."""
        rows, truth = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        if self.kind not in self.KINDS:
            raise RequestError(f"kind '{self.kind}' is none of {', '.join(self.KINDS)}")
        grow: Callable[[], Any] = getattr(self, self.KINDS[self.kind])
        grown = grow()
        grown.fit(rows, truth)
        trees, weights, base = _taken(grown, self.kind)
        self._keep(trees)
        self.weights_, self.base_ = np.asarray(weights, np.float64), float(base)
        return self

    def predict(self, X: Any) -> Floats:
        """The predicted numbers; one row gets the same alone and among others, bit for bit."""
        check_is_fitted(self, "roots_")
        rows = np.ascontiguousarray(validate_data(self, X, reset=False, dtype=np.float64))
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
        """What the trees' values come to: their weighted median of adaboost, else sum."""
        if self.kind == "adaboost":
            order = np.argsort(told, axis=1, kind="stable")
            sums = np.cumsum(self.weights_[order], axis=1)
            middle = (sums >= 0.5 * sums[:, -1:]).argmax(axis=1)
            rows = np.arange(len(told))
            chosen: Floats = told[rows, order[rows, middle]]
            return chosen
        # Term by term, so that no library may add the terms of many rows in another order.
        total = np.full(len(told), self.base_)
        for tree, weight in enumerate(self.weights_):
            total += weight * told[:, tree]
        return total

    def _keep(self, trees: Sequence[Any]) -> None:
        sizes = [tree.node_count for tree in trees]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.roots_ = starts[:-1]
        inner = [tree.children_left >= 0 for tree in trees]
        features = [tree.feature for tree in trees]
        lefts = [tree.children_left + at for tree, at in _from(trees, starts)]
        rights = [tree.children_right + at for tree, at in _from(trees, starts)]
        self.features_, self.lefts_, self.rights_ = (
            _joined([np.where(here, part, -1) for here, part in zip(inner, parts, strict=True)])
            for parts in (features, lefts, rights)
        )
        self.thresholds_ = np.concatenate([tree.threshold for tree in trees]).astype(np.float64)
        self.values_ = np.concatenate([tree.value[:, 0, 0] for tree in trees]).astype(np.float64)

    def _decision_tree(self) -> Any:
        from sklearn.tree import DecisionTreeRegressor

        return DecisionTreeRegressor(random_state=self.random_state, **self._of_a_tree())

    def _random_forest(self) -> Any:
        from sklearn.ensemble import RandomForestRegressor

        return RandomForestRegressor(
            self.trees, n_jobs=self.n_jobs, random_state=self.random_state, **self._of_a_tree()
        )

    def _extra_trees(self) -> Any:
        from sklearn.ensemble import ExtraTreesRegressor

        return ExtraTreesRegressor(
            self.trees, n_jobs=self.n_jobs, random_state=self.random_state, **self._of_a_tree()
        )

    def _gradient_boosting(self) -> Any:
        from sklearn.ensemble import GradientBoostingRegressor

        losses = {"squared": "squared_error", "absolute": "absolute_error", "huber": "huber"}
        return GradientBoostingRegressor(
            n_estimators=self.trees,
            learning_rate=self.learning_rate,
            loss=self._named(losses),
            n_iter_no_change=self.patience or None,
            random_state=self.random_state,
            **self._of_a_tree(),
        )

    def _adaboost(self) -> Any:
        from sklearn.ensemble import AdaBoostRegressor

        losses = {"squared": "square", "absolute": "linear", "exponential": "exponential"}
        return AdaBoostRegressor(
            self._decision_tree(),
            n_estimators=self.trees,
            learning_rate=self.learning_rate,
            loss=self._named(losses),
            random_state=self.random_state,
        )

    def _of_a_tree(self) -> dict[str, Any]:
        return {
            "max_depth": self.depth,
            "min_samples_leaf": self.min_rows,
            "max_features": self.columns,
        }

    def _named(self, losses: Mapping[str, str]) -> str:
        if self.loss not in losses:
            raise RequestError(f"loss '{self.loss}' of {self.kind} is none of {', '.join(losses)}")
        return losses[self.loss]

    def __setstate__(self, state: dict[str, Any]) -> None:
        """ValueError for arrays that would lead a row out of its tree, or round in it."""
        super().__setstate__(state)
        if "roots_" in state:
            _check(self, int(state.get("n_features_in_", 0)))


def _taken(grown: Any, kind: str) -> tuple[list[Any], Sequence[float], float]:
    """The trees of a fitted estimator, their weights, and what is added to their sum."""
    if kind == "decision-tree":
        return [grown.tree_], [1.0], 0.0
    if kind == "adaboost":
        trees = [each.tree_ for each in grown.estimators_]
        return trees, grown.estimator_weights_[: len(trees)], 0.0  # it may stop early
    if kind == "gradient-boosting":
        trees = [each.tree_ for each in grown.estimators_[:, 0]]
        base = float(np.ravel(grown.init_.constant_)[0])
        return trees, [grown.learning_rate] * len(trees), base
    trees = [each.tree_ for each in grown.estimators_]
    return trees, [1.0 / len(trees)] * len(trees), 0.0


def _from(trees: Sequence[Any], starts: npt.NDArray[np.int64]) -> list[tuple[Any, int]]:
    return [(tree, int(at)) for tree, at in zip(trees, starts[:-1], strict=True)]


def _joined(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.int32]:
    return np.ascontiguousarray(np.concatenate(parts), np.int32)


def _check(model: TreesRegressor, width: int) -> None:
    nodes = len(model.features_)
    arrays = (model.lefts_, model.rights_, model.thresholds_, model.values_)
    inner = model.features_ >= 0
    places = np.arange(nodes)
    sound = (
        all(len(array) == nodes for array in arrays)
        and len(model.weights_) == len(model.roots_) > 0
        and bool(((model.roots_ >= 0) & (model.roots_ < nodes)).all())
        and bool((model.features_ < width).all())
        # Children come after their parents, so that every walk ends.
        and bool((model.lefts_[inner] > places[inner]).all())
        and bool((model.rights_[inner] > places[inner]).all())
        and bool((model.lefts_[inner] < nodes).all())
        and bool((model.rights_[inner] < nodes).all())
    )
    if not sound:
        raise ValueError("the model's trees are damaged: their nodes do not fit together")
