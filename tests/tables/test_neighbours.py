"""The nearest rows say what scikit-learn's own say, the first of equals first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from switchyard.errors import RequestError
from switchyard.tables.neighbours import NeighboursRegressor

random = np.random.default_rng(0)
X = random.normal(size=(300, 4))
Y = X @ [1.0, -2.0, 0.0, 0.5] + random.normal(size=300) * 0.1


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("count", [1, 7, 300])
def test_they_say_what_the_library_says(power: int, weights: str, count: int) -> None:
    unseen = random.normal(size=(100, 4))
    ours = NeighboursRegressor(neighbours=count, weights=weights, power=power).fit(X, Y)
    theirs = KNeighborsRegressor(count, weights=weights, p=power, algorithm="brute").fit(X, Y)
    np.testing.assert_allclose(ours.predict(unseen), theirs.predict(unseen), rtol=1e-9)


def test_a_row_alone_and_among_others_gets_the_same() -> None:
    model = NeighboursRegressor().fit(X, Y)
    alone = np.concatenate([model.predict(X[at : at + 1]) for at in range(50)])
    assert (alone == model.predict(X)[:50]).all()


def test_of_equals_the_first_count_and_those_at_no_distance_alone() -> None:
    rows, numbers = np.array([[0.0], [0.0], [0.0], [1.0]]), np.array([1.0, 3.0, 8.0, 5.0])
    near = NeighboursRegressor(neighbours=2).fit(rows, numbers)
    assert near.predict([[0.0]]).tolist() == [2.0]
    weighed = NeighboursRegressor(neighbours=4, weights="distance").fit(rows, numbers)
    assert weighed.predict([[0.0], [1.0]]).tolist() == [4.0, 5.0]


def test_fewer_rows_than_neighbours_are_all_taken() -> None:
    assert NeighboursRegressor(neighbours=9).fit(X[:4], Y[:4]).predict(X[:1]) == Y[:4].mean()


def test_of_many_rows_some_are_drawn() -> None:
    model = NeighboursRegressor(most=50).fit(X, Y)
    assert len(model.rows_) == len(model.numbers_) == 50
    assert model.score(X, Y) > 0.5
    assert (model.rows_ == NeighboursRegressor(most=50).fit(X, Y).rows_).all()


@pytest.mark.parametrize(
    "settings", [{"weights": "odd"}, {"power": 3}, {"neighbours": 0}], ids=lambda each: str(each)
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match=r"weights 'odd' is none of|must be at least 1"):
        NeighboursRegressor(**settings).fit(X, Y)


@pytest.mark.parametrize(
    "damage",
    [
        {"rows_": X[:5]},
        {"rows_": X.astype(object)},
        {"rows_": X[:, :2].copy()},
        {"numbers_": Y[:5]},
        {"background_": X[:3, :2].copy()},
        {"neighbours": "5"},
        {"power": 7},
    ],
    ids=lambda damage: next(iter(damage)),
)
def test_damaged_rows_are_refused(damage: dict[str, Any]) -> None:
    state: Any = NeighboursRegressor().fit(X, Y).__getstate__()
    with pytest.raises(ValueError, match="rows are damaged"):
        NeighboursRegressor().__setstate__({**state, **damage})


@parametrize_with_checks([NeighboursRegressor(), NeighboursRegressor(weights="distance")])
def test_it_is_a_regressor_as_scikit_learn_has_them(estimator: Any, check: Any) -> None:
    check(estimator)
