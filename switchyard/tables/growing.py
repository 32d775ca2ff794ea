"""How scikit-learn grows trees, and what is taken of them: plain arrays and weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from switchyard.errors import RequestError

Floats: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tree:
    """One tree, node by node, the root first and children after their parents.

    lefts, rights: the children, -1 of a leaf; features: what is compared; thresholds: a row goes
    left where its number, as float32, is at most that; covers: rows that came by in training.
    """

    lefts: Places
    rights: Places
    features: Places
    thresholds: Floats
    values: Floats
    covers: Floats


@dataclass(frozen=True)
class Grown:
    """Trees, the weight of each, and what is added to their sum."""

    trees: Sequence[Tree]
    weights: Sequence[float]
    base: float = 0.0


Grower = Callable[[Any, Floats, npt.NDArray[Any]], Grown]
"""(the estimator with its parameters, rows, truth): truth is 0 or 1 where it classifies."""


def named(losses: Mapping[str, str], loss: str, kind: str) -> str:
    """The library's name of a loss; RequestError when there is none for this kind."""
    if loss not in losses:
        raise RequestError(f"loss '{loss}' of {kind} is none of {', '.join(losses)}")
    return losses[loss]


def _bounds(model: Any) -> dict[str, Any]:
    """As scikit-learn tells them apart: an int of columns is a count, a float of rows a share."""
    return {
        "min_samples_leaf": max(1, int(model.min_rows)),
        "max_features": float(model.columns),
    }


def of_a_tree(model: Any) -> dict[str, Any]:
    return {
        "max_depth": model.depth,
        **_bounds(model),
        "random_state": model.random_state,
    }


def decision_tree(model: Any) -> Any:
    from sklearn import tree

    made = tree.DecisionTreeClassifier if model.classifies else tree.DecisionTreeRegressor
    return made(**of_a_tree(model))


def forest(model: Any, name: str) -> Any:
    from sklearn import ensemble

    made = getattr(ensemble, f"{name}{'Classifier' if model.classifies else 'Regressor'}")
    return made(model.trees, n_jobs=model.n_jobs, **of_a_tree(model))


def random_forest(model: Any) -> Any:
    return forest(model, "RandomForest")


def extra_trees(model: Any) -> Any:
    return forest(model, "ExtraTrees")


def gradient_boosting(model: Any) -> Any:
    from sklearn import ensemble

    settings = {
        "n_estimators": model.trees,
        "learning_rate": model.learning_rate,
        "subsample": model.rows,
        "n_iter_no_change": model.patience or None,
        **of_a_tree(model),
    }
    if model.classifies:
        return ensemble.GradientBoostingClassifier(**settings)
    losses = {"squared": "squared_error", "absolute": "absolute_error", "huber": "huber"}
    loss = named(losses, model.loss, model.kind)
    return ensemble.GradientBoostingRegressor(loss=loss, **settings)


def histogram_boosting(model: Any) -> Any:
    from sklearn import ensemble

    settings = {
        "max_iter": model.trees,
        "learning_rate": model.learning_rate,
        "max_leaf_nodes": model.leaves,
        "max_depth": model.depth,
        **_bounds(model),
        "l2_regularization": model.l2,
        "early_stopping": bool(model.patience),
        "n_iter_no_change": model.patience or 10,
        "random_state": model.random_state,
    }
    if model.classifies:
        return ensemble.HistGradientBoostingClassifier(**settings)
    losses = {"squared": "squared_error", "absolute": "absolute_error"}
    loss = named(losses, model.loss, model.kind)
    return ensemble.HistGradientBoostingRegressor(loss=loss, **settings)


def adaboost(model: Any) -> Any:
    from sklearn.ensemble import AdaBoostRegressor

    losses = {"squared": "square", "absolute": "linear", "exponential": "exponential"}
    return AdaBoostRegressor(
        decision_tree(model),
        n_estimators=model.trees,
        learning_rate=model.learning_rate,
        loss=named(losses, model.loss, model.kind),
        random_state=model.random_state,
    )


LIBRARY: Mapping[str, Callable[[Any], Any]] = {
    "decision-tree": decision_tree,
    "random-forest": random_forest,
    "extra-trees": extra_trees,
    "gradient-boosting": gradient_boosting,
    "histogram-boosting": histogram_boosting,
    "adaboost": adaboost,
}
"""scikit-learn's own estimator of each kind, unfitted."""


def grow(model: Any, rows: Floats, truth: npt.NDArray[Any]) -> Grown:
    """The trees that scikit-learn grows for an estimator of one of the kinds above."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(model.n_jobs):  # histogram boosting asks nobody else
        grown = LIBRARY[model.kind](model).fit(rows, truth)
    prior = float(truth.mean()) if model.classifies else None
    if model.kind == "decision-tree":
        return Grown([_tree(grown.tree_, prior)], [1.0])
    if model.kind == "adaboost":
        found = [_tree(each.tree_, None) for each in grown.estimators_]
        return Grown(found, grown.estimator_weights_[: len(found)])  # it may stop early
    if model.kind == "gradient-boosting":
        found = [_tree(each.tree_, None) for each in grown.estimators_[:, 0]]
        return Grown(found, [grown.learning_rate] * len(found), _start(grown))
    if model.kind == "histogram-boosting":
        found = [_binned(each[0].nodes) for each in grown._predictors]
        return Grown(found, [1.0] * len(found), float(np.ravel(grown._baseline_prediction)[0]))
    found = [_tree(each.tree_, prior) for each in grown.estimators_]
    return Grown(found, [1.0 / len(found)] * len(found))


def _start(grown: Any) -> float:
    """What gradient boosting begins with: the constant, or the log-odds of the prior."""
    if hasattr(grown, "classes_"):
        share = float(grown.init_.class_prior_[1])
        return float(np.log(share / (1.0 - share)))
    return float(np.ravel(grown.init_.constant_)[0])


def _tree(tree: Any, prior: float | None) -> Tree:
    """A tree of scikit-learn. prior: of class 1, which counts as one more row in each leaf.

    So no leaf is ever wholly sure, and each has log-odds.
    """
    covers = np.asarray(tree.weighted_n_node_samples, np.float64)
    values = tree.value[:, 0, 0]
    if prior is not None:
        values = (tree.value[:, 0, 1] * covers + prior) / (covers + 1.0)
    return Tree(
        tree.children_left, tree.children_right, tree.feature, tree.threshold, values, covers
    )


def _binned(nodes: Any) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        np.where(leaf, -1, nodes["left"].astype(np.int64)),
        np.where(leaf, -1, nodes["right"].astype(np.int64)),
        nodes["feature_idx"].astype(np.int64),
        nodes["num_threshold"].astype(np.float64),
        nodes["value"].astype(np.float64),
        nodes["count"].astype(np.float64),
    )
