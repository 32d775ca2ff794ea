"""Trees kept as arrays say what scikit-learn's own say, and damaged ones are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from switchyard.errors import RequestError
from switchyard.tables.trees import TreesRegressor

random = np.random.default_rng(0)
X = random.normal(size=(400, 5))
Y = X[:, 0] * 3 + np.sin(X[:, 1] * 2) + random.normal(size=400) * 0.1


def small(kind: str, **settings: Any) -> TreesRegressor:
    return TreesRegressor(kind, trees=12, **settings)


@pytest.mark.parametrize("kind", TreesRegressor.KINDS)
def test_they_say_what_the_library_says(kind: str) -> None:
    ours = small(kind, depth=6, min_rows=2).fit(X, Y)
    theirs = getattr(ours, TreesRegressor.KINDS[kind])().fit(X, Y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-12)


@pytest.mark.parametrize("kind", TreesRegressor.KINDS)
def test_a_row_alone_and_among_others_gets_the_same(kind: str) -> None:
    model = small(kind).fit(X, Y)
    alone = np.concatenate([model.predict(X[at : at + 1]) for at in range(50)])
    assert (alone == model.predict(X)[:50]).all()


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        ("gradient-boosting", "huber"),
        ("gradient-boosting", "absolute"),
        ("adaboost", "exponential"),
    ],
)
def test_other_losses_learn_too(kind: str, loss: str) -> None:
    assert small(kind, loss=loss, depth=4, learning_rate=0.5).fit(X, Y).score(X, Y) > 0.5


def test_boosting_stops_when_nothing_is_gained() -> None:
    patient = TreesRegressor("gradient-boosting", trees=500, patience=5).fit(X, Y)
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
    ],
    ids=lambda damage: next(iter(damage)),
)
def test_damaged_trees_are_refused(damage: dict[str, Any]) -> None:
    model = small("random-forest").fit(X, Y)
    state = model.__getstate__()
    changed = {name: change(model) for name, change in damage.items()}
    with pytest.raises(ValueError, match="trees are damaged"):
        TreesRegressor().__setstate__({**state, **changed})


@parametrize_with_checks([TreesRegressor(kind, trees=5) for kind in TreesRegressor.KINDS])
def test_it_is_a_regressor_as_scikit_learn_has_them(estimator: Any, check: Any) -> None:
    check(estimator)
