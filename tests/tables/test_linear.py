"""Linear models keep their coefficients, and say what scikit-learn's own say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from switchyard.errors import RequestError
from switchyard.tables.linear import LinearClassifier, LinearRegressor

random = np.random.default_rng(0)
X = random.normal(size=(300, 4))
Y = X @ [1.0, -2.0, 0.0, 0.5] + 3.0 + random.normal(size=300) * 0.1


@pytest.mark.parametrize("kind", LinearRegressor.KINDS)
def test_they_say_what_the_library_says(kind: str) -> None:
    ours = LinearRegressor(kind, alpha=0.1).fit(X, Y)
    theirs = getattr(ours, LinearRegressor.KINDS[kind])().fit(X, Y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-10)


@pytest.mark.parametrize("kind", LinearRegressor.KINDS)
def test_a_row_alone_and_among_others_gets_the_same(kind: str) -> None:
    model = LinearRegressor(kind, alpha=0.1).fit(X, Y)
    alone = np.concatenate([model.predict(X[at : at + 1]) for at in range(50)])
    assert (alone == model.predict(X)[:50]).all()


def test_a_penalty_takes_away_what_says_nothing() -> None:
    assert LinearRegressor("lasso", alpha=0.1).fit(X, Y).coef_[2] == 0.0


def test_a_kind_that_there_is_not_is_named() -> None:
    with pytest.raises(RequestError, match="kind 'curved' is none of ordinary, ridge"):
        LinearRegressor("curved").fit(X, Y)


def test_classes_are_what_the_library_says() -> None:
    classes = np.where(Y > 3.0, "yes", "no")
    ours = LinearClassifier(C=0.5).fit(X, classes)
    theirs = LogisticRegression(C=0.5, max_iter=1_000).fit(X, classes)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-9)
    assert (ours.predict(X) == theirs.predict(X)).all()
    alone = np.vstack([ours.predict_proba(X[at : at + 1]) for at in range(50)])
    assert (alone == ours.predict_proba(X)[:50]).all()


@pytest.mark.parametrize(
    "damage",
    [
        {"coef_": np.zeros(3)},
        {"coef_": np.zeros(4, object)},
        {"means_": np.zeros(5)},
        {"intercept_": "1"},
        {"n_features_in_": 7},
    ],
)
def test_damaged_coefficients_are_refused(damage: dict[str, Any]) -> None:
    state: Any = LinearRegressor().fit(X, Y).__getstate__()
    with pytest.raises(ValueError, match="coefficients are damaged"):
        LinearRegressor().__setstate__({**state, **damage})


@parametrize_with_checks(
    [
        *(LinearRegressor(kind, alpha=0.01) for kind in LinearRegressor.KINDS),
        LinearClassifier(),
    ]
)
def test_it_is_an_estimator_as_scikit_learn_has_them(estimator: Any, check: Any) -> None:
    check(estimator)
