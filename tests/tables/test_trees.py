"""Trees kept as arrays say what scikit-learn's own say, and damaged ones are refused."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from switchyard.errors import RequestError
from switchyard.tables.growing import LIBRARY
from switchyard.tables.trees import TreesClassifier, TreesRegressor

random = np.random.default_rng(0)
X = random.normal(size=(400, 5))
X = X.astype(np.float32).astype(np.float64)  # as trees compare them
Y = X[:, 0] * 3 + np.sin(X[:, 1] * 2) + random.normal(size=400) * 0.1
CLASSES = np.where(Y > 0.5, "yes", "no")
EXTRA = ("xgboost", "catboost")
KINDS = [kind for kind in TreesRegressor.KINDS if kind not in EXTRA or find_spec(kind)]
CLASSIFIERS = [kind for kind in TreesClassifier.KINDS if kind in KINDS]


def small(kind: str, **settings: Any) -> TreesRegressor:
    return TreesRegressor(kind, trees=12, **settings)


@pytest.mark.parametrize("kind", LIBRARY)
def test_they_say_what_the_library_says(kind: str) -> None:
    ours = small(kind, depth=6, min_rows=2).fit(X, Y)
    theirs = LIBRARY[kind](ours).fit(X, Y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-12)


@pytest.mark.parametrize("kind", ["gradient-boosting", "histogram-boosting"])
def test_boosted_classes_are_what_the_library_says(kind: str) -> None:
    ours = TreesClassifier(kind, trees=12, depth=4).fit(X, CLASSES)
    theirs = LIBRARY[kind](ours).fit(X, CLASSES)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-9)


def test_a_leaf_counts_the_prior_as_one_more_row() -> None:
    """So that a leaf of one class has log-odds too."""
    rows, truth = np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([0, 0, 0, 1])
    model = TreesClassifier("decision-tree").fit(rows, truth)
    np.testing.assert_allclose(model.predict_proba([[0.0], [1.0]])[:, 1], [0.25 / 4, 1.25 / 2])


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_classes_are_learnt_and_a_row_alone_gets_the_same(kind: str) -> None:
    model = TreesClassifier(kind, trees=20, depth=5).fit(X, CLASSES)
    assert model.score(X, CLASSES) > 0.9
    alone = np.vstack([model.predict_proba(X[at : at + 1]) for at in range(50)])
    assert (alone == model.predict_proba(X)[:50]).all()
    assert ((alone > 0.0) & (alone < 1.0)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_alone_and_among_others_gets_the_same(kind: str) -> None:
    model = small(kind).fit(X, Y)
    alone = np.concatenate([model.predict(X[at : at + 1]) for at in range(50)])
    assert (alone == model.predict(X)[:50]).all()


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        ("gradient-boosting", "huber"),
        ("gradient-boosting", "absolute"),
        ("histogram-boosting", "absolute"),
        ("adaboost", "exponential"),
    ],
)
def test_other_losses_learn_too(kind: str, loss: str) -> None:
    assert small(kind, loss=loss, depth=4, learning_rate=0.5).fit(X, Y).score(X, Y) > 0.5


@pytest.mark.parametrize("kind", ["gradient-boosting", "histogram-boosting"])
def test_boosting_stops_when_nothing_is_gained(kind: str) -> None:
    patient = TreesRegressor(kind, trees=500, patience=5).fit(X, Y)
    assert len(patient.roots_) < 500


def test_a_kind_or_a_loss_that_there_is_not_is_named() -> None:
    with pytest.raises(RequestError, match="kind 'bush'"):
        small("bush").fit(X, Y)
    with pytest.raises(RequestError, match="loss 'hinge' of adaboost"):
        small("adaboost", loss="hinge").fit(X, Y)


@pytest.mark.parametrize(
    "damage",
    [
        {"lefts_": lambda m: np.zeros_like(m.lefts_)},
        {"rights_": lambda m: m.rights_ + 10_000},
        {"features_": lambda m: np.where(m.features_ >= 0, 99, -1).astype(np.int32)},
        {"values_": lambda m: m.values_[:3]},
        {"roots_": lambda m: m.roots_ + 10_000},
        {"weights_": lambda m: m.weights_[:1]},
        {"covers_": lambda m: m.covers_[:1]},
        {"thresholds_": lambda m: m.thresholds_.astype(object)},
        {"values_": lambda m: m.values_.astype(np.float32)},
        {"base_": lambda m: "0"},
        {"n_features_in_": lambda m: None},
        {"background_": lambda m: np.zeros((3, 99))},
    ],
    ids=lambda damage: next(iter(damage)),
)
def test_damaged_trees_are_refused(damage: dict[str, Any]) -> None:
    model = small("random-forest").fit(X, Y)
    state: Any = model.__getstate__()
    changed = {name: change(model) for name, change in damage.items()}
    with pytest.raises(ValueError, match="trees are damaged"):
        TreesRegressor().__setstate__({**state, **changed})


@parametrize_with_checks(
    [
        *(TreesRegressor(kind, trees=5, learning_rate=0.5) for kind in KINDS),
        *(TreesClassifier(kind, trees=5, learning_rate=0.5) for kind in CLASSIFIERS),
    ],
)
def test_it_is_an_estimator_as_scikit_learn_has_them(estimator: Any, check: Any) -> None:
    check(estimator)


def test_a_leaf_with_children_is_refused() -> None:
    """The kernel that measures depths would write far outside its memory."""
    model = small("decision-tree", depth=2).fit(X, Y)
    state: Any = model.__getstate__()
    far = np.where(model.features_ < 0, 2**31 - 1, model.lefts_).astype(np.int32)
    right = np.where(model.features_ < 0, 2**31 - 1, model.rights_).astype(np.int32)
    for damage in ({"lefts_": far}, {"rights_": right}, {"lefts_": far, "rights_": right}):
        with pytest.raises(ValueError, match="trees are damaged"):
            TreesRegressor().__setstate__({**state, **damage})


def test_a_node_of_two_parents_or_of_none_is_refused() -> None:
    """Forty nodes whose children are both the next one have 2**40 ways to the leaf."""
    model = small("decision-tree", depth=2).fit(X, Y)
    state: Any = model.__getstate__()
    nodes = 40
    after = np.append(np.arange(1, nodes), -1).astype(np.int32)
    ladder = {
        "roots_": np.zeros(1, np.int64),
        "features_": np.append(np.zeros(nodes - 1), -1).astype(np.int32),
        "lefts_": after,
        "rights_": after,
        **dict.fromkeys(("thresholds_", "values_", "covers_"), np.ones(nodes)),
    }
    roots = {"roots_": np.zeros(2, np.int64), "weights_": np.ones(2)}
    for damage in (ladder, roots):
        with pytest.raises(ValueError, match="trees are damaged"):
            TreesRegressor().__setstate__({**state, **damage})


@pytest.mark.parametrize("kind", ["decision-tree", "histogram-boosting"])
def test_whole_settings_are_shares_and_counts_whatever_their_type(kind: str) -> None:
    """To scikit-learn an int of columns is a count: 1 would be one column."""
    asked: Any = {"columns": 1, "min_rows": 3.0}
    typed = small(kind, columns=1.0, min_rows=3).fit(X, Y)
    assert (small(kind, **asked).fit(X, Y).predict(X) == typed.predict(X)).all()
    tenth: Any = {"min_rows": 0.1}
    one = small(kind, min_rows=1).fit(X, Y)
    assert (small(kind, **tenth).fit(X, Y).predict(X) == one.predict(X)).all()
