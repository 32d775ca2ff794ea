"""Boosters' trees kept as arrays say what the libraries say, and stop when they should."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from switchyard.tables.boosters import GROWERS
from switchyard.tables.trees import TreesClassifier, TreesRegressor

random = np.random.default_rng(0)
X = random.normal(size=(500, 5)).astype(np.float32).astype(np.float64)
X[:, 4] = random.integers(0, 3, 500)
Y = X[:, 0] * 3 + np.sin(X[:, 1] * 2) + (X[:, 4] == 1) + random.normal(size=500) * 0.1
CLASSES = (Y > 0.5).astype(int)


def own(kind: str, model: Any, rows: Any, truth: Any) -> Any:
    """The library's own booster, with the settings that ours has asked for."""
    library = pytest.importorskip(kind)
    kept: list[Any] = []
    if kind == "catboost":
        original = library.CatBoost.fit
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                library.CatBoost,
                "fit",
                lambda self, *a, **k: kept.append(original(self, *a, **k)),
            )
            type(model)(**model.get_params()).fit(rows, truth)
        return kept[0]
    original = library.train
    with pytest.MonkeyPatch.context() as patch:

        def train(*a: Any, **k: Any) -> Any:
            kept.append(original(*a, **k))
            return kept[0]

        patch.setattr(library, "train", train)
        type(model)(**model.get_params()).fit(rows, truth)
    return kept[0]


def own_contributions(kind: str, model: Any, rows: Any, truth: Any, asked: Any) -> Any:
    """What each feature adds, and the mean in the last column, as the library has it."""
    booster = own(kind, model, rows, truth)
    if kind == "lightgbm":
        return booster.predict(asked, pred_contrib=True)
    import xgboost

    return booster.predict(xgboost.DMatrix(asked), pred_contribs=True)


def own_sums(kind: str, model: Any, truth: Any) -> Any:
    booster = own(kind, model, X, truth)
    if kind == "lightgbm":
        return booster.predict(X, raw_score=True)
    if kind == "xgboost":
        import xgboost

        return booster.predict(xgboost.DMatrix(X), output_margin=True)
    return booster.predict(X.astype(np.float32), prediction_type="RawFormulaVal")


@pytest.mark.parametrize("kind", GROWERS)
@pytest.mark.parametrize("classifies", [False, True], ids=["numbers", "classes"])
def test_they_say_what_the_library_says(kind: str, classifies: bool) -> None:
    pytest.importorskip(kind)
    made: Any = TreesClassifier if classifies else TreesRegressor
    truth = CLASSES if classifies else Y
    ours = made(kind, trees=25, depth=4, rows=0.8, columns=0.8).fit(X, truth)
    np.testing.assert_allclose(ours.sums(X), own_sums(kind, ours, truth), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", GROWERS)
@pytest.mark.parametrize("loss", ["absolute", "huber"])
def test_other_losses_learn_too(kind: str, loss: str) -> None:
    pytest.importorskip(kind)
    model = TreesRegressor(kind, loss=loss, depth=4, trees=300).fit(X, Y)
    assert model.score(X, Y) > 0.7


@pytest.mark.parametrize("kind", GROWERS)
@pytest.mark.parametrize("classifies", [False, True], ids=["numbers", "classes"])
def test_patience_stops_them(kind: str, classifies: bool) -> None:
    pytest.importorskip(kind)
    made: Any = TreesClassifier if classifies else TreesRegressor
    truth = CLASSES if classifies else Y
    model = made(kind, trees=2_000, patience=5, depth=3, learning_rate=0.3).fit(X, truth)
    assert 1 <= len(model.roots_) < 2_000
    assert model.score(X, truth) > 0.8


@pytest.mark.parametrize("kind", GROWERS)
def test_with_few_rows_none_is_kept_aside(kind: str) -> None:
    pytest.importorskip(kind)
    model = TreesRegressor(kind, trees=7, patience=1, depth=2, min_rows=1).fit(X[:60], Y[:60])
    assert len(model.roots_) == 7


@pytest.mark.parametrize("kind", GROWERS)
def test_a_constant_target_is_learnt_or_refused(kind: str) -> None:
    pytest.importorskip(kind)
    if kind == "catboost":
        with pytest.raises(ValueError, match="CatBoost cannot learn"):
            TreesRegressor(kind, trees=3).fit(X, np.full(len(X), 4.0))
        return
    model = TreesRegressor(kind, trees=3).fit(X, np.full(len(X), 4.0))
    np.testing.assert_allclose(model.predict(X), 4.0)


@pytest.mark.parametrize("kind", GROWERS)
def test_covers_are_the_training_rows_that_came_by(kind: str) -> None:
    """What explanations weigh branches by; CatBoost's are put together from its leaves."""
    pytest.importorskip(kind)
    model = TreesRegressor(kind, trees=10, depth=4).fit(X, Y)
    counts = np.zeros(len(model.covers_))
    for row in X:
        for root in model.roots_:
            node = int(root)
            counts[node] += 1
            while model.features_[node] >= 0:
                left = np.float32(row[model.features_[node]]) <= model.thresholds_[node]
                node = int(model.lefts_[node] if left else model.rights_[node])
                counts[node] += 1
    np.testing.assert_allclose(model.covers_, counts)


@pytest.mark.parametrize("kind", GROWERS)
@pytest.mark.parametrize("unit", [1e5, 1e-5])
def test_huber_learns_in_any_unit(kind: str, unit: float) -> None:
    pytest.importorskip(kind)
    model = TreesRegressor(kind, loss="huber", depth=4, trees=100).fit(X, Y * unit + 7 * unit)
    assert model.score(X, Y * unit + 7 * unit) > 0.7
