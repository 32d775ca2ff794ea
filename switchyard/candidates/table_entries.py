"""The estimators of tables that a candidate may name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from switchyard.candidates.entries import Entry

_REGRESSION = frozenset({"regression"})
_CLASSIFICATION = frozenset({"table-classification"})

_TREE = ("depth", "min_rows", "columns")
_FOREST = (*_TREE, "trees", "n_jobs")
_BOOSTED = (*_TREE, "trees", "learning_rate", "patience")
_BOOSTER = (*_BOOSTED, "l2", "rows", "n_jobs")


def _entry(
    description: str,
    builder: str,
    kind: str = "",
    names: Iterable[str] = (),
    tasks: frozenset[str] = _REGRESSION,
    library: str = "",
) -> Entry:
    parameters = {name: f"model__{name}" for name in names}
    return Entry(description, builder, parameters, tasks, kind, library)


_TREES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "decision-tree": ("one tree", _TREE),
    "random-forest": ("trees on drawn rows", _FOREST),
    "extra-trees": ("trees with drawn splits", _FOREST),
    "gradient-boosting": (
        "trees on what is left over, one after the other",
        (*_BOOSTED, "rows"),
    ),
    "histogram-boosting": (
        "the same on numbers in bins, for many rows",
        (*_BOOSTED, "leaves", "l2", "n_jobs"),
    ),
    "lightgbm": ("LightGBM's boosted trees", (*_BOOSTER, "leaves")),
    "xgboost": ("XGBoost's boosted trees", (*_BOOSTER, "leaves")),
    "catboost": (
        "CatBoost's boosted trees, which ask one question a level",
        ("depth", "columns", "trees", "learning_rate", "patience", "l2", "n_jobs"),
    ),
}
"""Kind → what it is, and its parameters."""

_EXTRA = ("xgboost", "catboost")
_LIBRARIES = ("lightgbm", *_EXTRA)


def _regressor(kind: str) -> tuple[str, Entry]:
    description, names = _TREES[kind]
    boosted = {"gradient-boosting", "histogram-boosting", *_LIBRARIES}
    known = (*names, "loss") if kind in boosted else names
    name = f"{kind}-regressor" if kind in _LIBRARIES else kind
    library = kind if kind in _EXTRA else ""
    return name, _entry(description, "trees", kind, known, library=library)


def _classifier(kind: str) -> tuple[str, Entry]:
    description, names = _TREES[kind]
    library = kind if kind in _EXTRA else ""
    entry = _entry(description, "tree_classifiers", kind, names, _CLASSIFICATION, library)
    return f"{kind}-classifier", entry


REGRESSORS: Mapping[str, Entry] = {
    "linear": _entry("least squares", "linear", "ordinary"),
    "ridge": _entry("least squares with a penalty on squares", "linear", "ridge", ["alpha"]),
    "lasso": _entry("least squares with a penalty on sizes", "linear", "lasso", ["alpha"]),
    "elastic-net": _entry(
        "least squares with both penalties", "linear", "elastic-net", ["alpha", "mix"]
    ),
    "neighbours": _entry(
        "the mean of the nearest training rows",
        "neighbours",
        names=["neighbours", "weights", "power", "most"],
    ),
    "adaboost": _entry(
        "trees on what was wrong, and their weighted median",
        "trees",
        "adaboost",
        [*_TREE, "trees", "learning_rate", "loss"],
    ),
    **dict(map(_regressor, _TREES)),
}

TABLE_CLASSIFIERS: Mapping[str, Entry] = {
    "logistic": _entry("logistic regression", "logistic", names=["C"], tasks=_CLASSIFICATION),
    **dict(map(_classifier, _TREES)),
}
