"""Trees by LightGBM, XGBoost and CatBoost. The libraries are needed for growing alone.

A model keeps what `switchyard.tables.growing` keeps of any tree: whoever scores with it installs
none of them, and reads nothing that they wrote.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.candidates.extras import missing_library
from switchyard.models.trees import load_lightgbm
from switchyard.tables.growing import Floats, Grower, Grown, Tree, named

SHARE_ASIDE = 0.1
LEAST_ASIDE = 20
"""With fewer rows to keep aside a booster grows all its trees."""

_QUARTILES = 1.349
"""How far apart the quartiles of a normal distribution are, in its deviations."""


def lightgbm(model: Any, rows: Floats, truth: npt.NDArray[Any]) -> Grown:
    library = load_lightgbm()
    losses = {"squared": "regression", "absolute": "regression_l1", "huber": "huber"}
    settings = {
        "objective": "binary" if model.classifies else named(losses, model.loss, model.kind),
        "num_leaves": model.leaves,
        "max_depth": model.depth or -1,
        "learning_rate": model.learning_rate,
        "min_data_in_leaf": model.min_rows,
        "feature_fraction": model.columns,
        "bagging_fraction": model.rows,
        "bagging_freq": int(model.rows < 1.0),
        "lambda_l2": model.l2,
        "num_threads": model.n_jobs,
        "seed": model.random_state,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    kept, aside = _parted(model, truth)
    known = library.Dataset(rows[kept], truth[kept], params=settings)
    stopping: dict[str, Any] = {}
    if len(aside):
        unseen = library.Dataset(rows[aside], truth[aside], reference=known)
        stop = library.early_stopping(model.patience, verbose=False)
        stopping = {"valid_sets": [unseen], "callbacks": [stop]}
    booster = library.train(settings, known, model.trees, **stopping)
    told = booster.dump_model(num_iteration=booster.best_iteration or None)["tree_info"]
    trees = [_walked(each["tree_structure"]) for each in told]
    return Grown(trees, [1.0] * len(trees))


def xgboost(model: Any, rows: Floats, truth: npt.NDArray[Any]) -> Grown:
    try:
        import xgboost as library
    except ImportError as cause:
        raise missing_library("this model", "xgboost") from cause
    losses = {
        "squared": "reg:squarederror",
        "absolute": "reg:absoluteerror",
        "huber": "reg:pseudohubererror",
    }
    settings = {
        "objective": "binary:logistic"
        if model.classifies
        else named(losses, model.loss, model.kind),
        "max_depth": model.depth or 0,
        "max_leaves": model.leaves if model.depth is None else 0,
        "eta": model.learning_rate,
        "min_child_weight": model.min_rows,
        "colsample_bytree": model.columns,
        "subsample": model.rows,
        "lambda": model.l2,
        "nthread": model.n_jobs,
        "seed": model.random_state,
        "tree_method": "hist",
        "verbosity": 0,
    }
    kept, aside = _parted(model, truth)
    known = library.DMatrix(rows[kept], truth[kept])
    stopping: dict[str, Any] = {}
    if len(aside):
        unseen = library.DMatrix(rows[aside], truth[aside])
        stopping = {
            "evals": [(unseen, "unseen")],
            "early_stopping_rounds": model.patience,
            "verbose_eval": False,
        }
    booster = library.train(settings, known, model.trees, **stopping)
    if len(aside):
        booster = booster[: booster.best_iteration + 1]
    told = json.loads(bytes(booster.save_raw("json")))["learner"]
    start = float(np.ravel(json.loads(told["learner_model_param"]["base_score"]))[0])
    if model.classifies:
        start = float(np.log(start / (1.0 - start)))
    trees = [_ordered(each) for each in told["gradient_booster"]["model"]["trees"]]
    return Grown(trees, [1.0] * len(trees), start)


def catboost(model: Any, rows: Floats, truth: npt.NDArray[Any]) -> Grown:
    try:
        import catboost as library
    except ImportError as cause:
        raise missing_library("this model", "catboost") from cause
    losses = {"squared": "RMSE", "absolute": "MAE", "huber": "Huber:delta=1.0"}
    settings = {
        "loss_function": "Logloss" if model.classifies else named(losses, model.loss, model.kind),
        "iterations": model.trees,
        "depth": model.depth or 6,
        "learning_rate": model.learning_rate,
        "l2_leaf_reg": model.l2,
        "rsm": model.columns,
        "thread_count": model.n_jobs,
        "random_seed": model.random_state,
        "boosting_type": "Plain",
        "allow_writing_files": False,
        "verbose": False,
    }
    kept, aside = _parted(model, truth)
    stopping: dict[str, Any] = {}
    if len(aside):
        unseen = library.Pool(rows[aside].astype(np.float32), truth[aside])
        stopping = {"eval_set": unseen, "early_stopping_rounds": model.patience}
    booster = library.CatBoost(settings)
    try:
        booster.fit(library.Pool(rows[kept].astype(np.float32), truth[kept]), **stopping)
    except library.CatBoostError as cause:  # which is no ValueError, whatever was wrong with values
        told = f"CatBoost cannot learn from these rows (n_samples = {len(kept)}): {cause}"
        raise ValueError(told) from cause
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        booster.save_model(str(path), format="json")
        told = json.loads(path.read_text())
    scale, bias = told["scale_and_bias"]
    trees = [_oblivious(each) for each in told["oblivious_trees"]]
    return Grown(trees, [float(scale)] * len(trees), float(np.ravel(bias)[0]))


def of_any_unit(grower: Grower) -> Grower:
    """A grower whose huber loss is the same whatever the target's unit.

    Where that loss goes from squares to absolute differences the libraries put at a fixed number,
    about 1; so numbers are brought to median 0 and the quartiles of a deviation of 1, and back.
    """

    def grow(model: Any, rows: Floats, truth: npt.NDArray[Any]) -> Grown:
        if model.classifies or model.loss != "huber":
            return grower(model, rows, truth)
        low, middle, high = np.quantile(truth, [0.25, 0.5, 0.75])
        spread = float((high - low) / _QUARTILES) or float(np.std(truth)) or 1.0
        grown = grower(model, rows, (truth - middle) / spread)
        weights = [weight * spread for weight in grown.weights]
        return Grown(grown.trees, weights, grown.base * spread + float(middle))

    return grow


GROWERS: Mapping[str, Grower] = {
    "lightgbm": of_any_unit(lightgbm),
    "xgboost": of_any_unit(xgboost),
    "catboost": of_any_unit(catboost),
}


def _parted(model: Any, truth: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The rows to grow from, and those that say when it is enough."""
    every = np.arange(len(truth))
    if not model.patience or SHARE_ASIDE * len(truth) < LEAST_ASIDE:
        return every, every[:0]
    from sklearn.model_selection import train_test_split

    kept, aside = train_test_split(
        every,
        test_size=SHARE_ASIDE,
        stratify=truth if model.classifies else None,
        random_state=model.random_state,
    )
    return kept, aside


def _walked(root: Mapping[str, Any]) -> Tree:
    """A tree as LightGBM tells it, one dictionary inside the other."""
    found: list[Mapping[str, Any]] = [root]
    lefts, rights = [], []
    at = 0
    while at < len(found):
        inner = "split_feature" in found[at]
        lefts.append(len(found) if inner else -1)
        rights.append(len(found) + 1 if inner else -1)
        if inner:
            found += [found[at]["left_child"], found[at]["right_child"]]
        at += 1
    return Tree(
        np.array(lefts),
        np.array(rights),
        np.array([node.get("split_feature", -1) for node in found]),
        np.array([float(node.get("threshold", 0.0)) for node in found]),
        np.array([float(node.get("leaf_value", 0.0)) for node in found]),
        # A tree of one leaf does not tell how many rows it has: any number will do.
        np.array([float(node.get("internal_count", node.get("leaf_count", 1))) for node in found]),
    )


def _ordered(told: Mapping[str, Any]) -> Tree:
    """A tree of XGBoost, its nodes put in order; it goes left where a number is *below*."""
    lefts, rights = np.array(told["left_children"]), np.array(told["right_children"])
    order = [0]
    for node in order:
        if lefts[node] >= 0:
            order += [int(lefts[node]), int(rights[node])]
    places = np.full(len(lefts), -1)
    places[order] = np.arange(len(order))
    leaf = lefts[order] < 0
    conditions = np.array(told["split_conditions"], np.float32)[order]
    below = np.nextafter(conditions, np.float32(-np.inf)).astype(np.float64)
    return Tree(
        np.where(leaf, -1, places[lefts[order]]),
        np.where(leaf, -1, places[rights[order]]),
        np.array(told["split_indices"])[order],
        np.where(leaf, 0.0, below),
        np.where(leaf, conditions, 0.0).astype(np.float64),
        np.array(told["sum_hessian"], np.float64)[order],
    )


def _oblivious(told: Mapping[str, Any]) -> Tree:
    """A tree of CatBoost, which asks one question a level; a leaf's number has a bit for each."""
    splits = told.get("splits") or []
    depth = len(splits)
    values = np.array(told["leaf_values"], np.float64)
    covers = [np.array(told["leaf_weights"], np.float64)]
    for level in reversed(range(depth)):
        below = covers[0]
        covers.insert(0, below[: 2**level] + below[2**level :])
    lefts, rights, features, thresholds = [], [], [], []
    for level, split in enumerate(splits):
        size, first = 2**level, 2 ** (level + 1) - 1
        lefts.append(first + np.arange(size))
        rights.append(first + size + np.arange(size))
        features.append(np.full(size, split["float_feature_index"]))
        thresholds.append(np.full(size, float(np.float32(split["border"]))))
    ends = np.full(2**depth, -1)
    return Tree(
        np.concatenate([*lefts, ends]),
        np.concatenate([*rights, ends]),
        np.concatenate([*features, ends]),
        np.concatenate([*thresholds, np.zeros(2**depth)]),
        np.concatenate([np.zeros(2**depth - 1), values]),
        np.concatenate(covers),
    )
