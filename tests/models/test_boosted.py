"""Boosted trees are a scikit-learn classifier whose saved form is text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.utils.estimator_checks import parametrize_with_checks

from switchyard.models.boosted import LightGbmClassifier

RNG = np.random.default_rng(3)
X = RNG.normal(size=(400, 5)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
SMALL = {"trees": 30, "n_jobs": 1}


@parametrize_with_checks([LightGbmClassifier(trees=5, min_rows=1)])
def test_scikit_learns_own_checks_pass(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def test_it_learns_what_no_line_separates() -> None:
    model = LightGbmClassifier(**SMALL).fit(X[:300], Y[:300])

    assert (model.predict(X[300:]) == Y[300:]).mean() > 0.85


def test_the_same_seed_grows_the_same_trees() -> None:
    one, other = (LightGbmClassifier(**SMALL, random_state=5).fit(X, Y) for _ in "ab")

    assert one.booster_ == other.booster_


def test_what_is_saved_is_text_and_predicts_the_same() -> None:
    model = LightGbmClassifier(**SMALL).fit(X, Y)

    saved = skops.io.dumps(model)

    ours = ["switchyard.models.boosted.LightGbmClassifier"]
    assert isinstance(model.booster_, str)
    assert skops.io.get_untrusted_types(data=saved) == ours
    loaded = skops.io.loads(saved, trusted=ours)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_missing_numbers_are_taken() -> None:
    holed = X.copy()
    holed[::7, 2] = np.nan

    found = LightGbmClassifier(**SMALL).fit(holed, Y).predict_proba(holed)

    assert np.isfinite(found).all()


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        LightGbmClassifier().fit(X, np.zeros(len(X), dtype=int))


def test_growing_stops_when_rows_kept_aside_gain_no_more() -> None:
    rng = np.random.default_rng(5)
    X = rng.random((2_000, 4))
    y = (X[:, 0] + rng.normal(0, 0.3, 2_000) > 0.5).astype(int)

    patient = LightGbmClassifier(trees=200, patience=5).fit(X, y)
    endless = LightGbmClassifier(trees=200, patience=0).fit(X, y)

    assert patient.trees_ < 100
    assert endless.trees_ == 200
