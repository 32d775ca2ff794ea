"""Explanations of rows: they add up for every estimator, and are what outside judges find."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, partial
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from switchyard.candidates.catalogue import CATALOGUE, find, installed
from switchyard.candidates.fitting import fit
from switchyard.candidates.table_entries import REGRESSORS, TABLE_CLASSIFIERS
from switchyard.configuration.model import Candidate, Scalar
from switchyard.errors import PlatformError, RequestError
from switchyard.explanations import coalitions, forests
from switchyard.explanations.explaining import Explanation, explain_rows
from switchyard.packages.manifest import AnyInput, Category, Number
from switchyard.packages.storage import dumps, loads
from switchyard.tables.encoding import TableEncoder
from switchyard.tables.neighbours import NeighboursRegressor
from switchyard.tables.trees import TreesRegressor

INPUTS: dict[str, AnyInput] = {
    "width in cm": Number(type="number", minimum=-4, maximum=4, missing=True),
    "“height”": Number(type="number", minimum=-4, maximum=4),
    "🍷": Category(type="category", values=("red", "white", "rosé"), missing=True, other=True),
    "noise": Number(type="number", minimum=-4, maximum=4),
}
SIZES = (0, 0, 4, 0)
random = np.random.default_rng(3)
ROWS = np.column_stack([random.normal(size=(300, 2)), random.integers(0, 4, 300), np.zeros(300)])
ROWS[:, 3] = random.normal(size=300)
ROWS[::11, 0] = np.nan
ROWS[::13, 2] = np.nan
Y = 3.0 * np.nan_to_num(ROWS[:, 0]) + 2.0 * (ROWS[:, 2] == 1) + ROWS[:, 1] ** 2
CLASSES = (random.normal(size=300) * 0.5 + Y > 1.5).astype(int)

NUMBERS = st.one_of(st.floats(-1e9, 1e9), st.just(np.nan))
PLACES = st.one_of(st.sampled_from([0.0, 1.0, 2.0, 3.0]), st.just(np.nan))

Models = Callable[[str], Any]


@pytest.fixture(scope="module")
def models() -> Models:
    @cache
    def model(name: str) -> Any:
        if not installed(find(name)):
            pytest.skip(f"{find(name).library} is not installed")
        parameters: dict[str, Scalar] = {"trees": 12} if "trees" in find(name).parameters else {}
        candidate = Candidate(name=name, estimator=name)
        truth = CLASSES if name in TABLE_CLASSIFIERS else Y
        return loads(dumps(fit(candidate, parameters, ROWS, truth, None, 5, SIZES)))

    return model


@pytest.fixture(scope="module", params=[*REGRESSORS, *TABLE_CLASSIFIERS])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def told(model: Any, rows: Any) -> Any:
    """What contributions must come to: the number, or the log-odds of class 1."""
    if hasattr(model, "predict_proba"):
        return logit(model.predict_proba(rows)[:, 1])
    return model.predict(rows)


def total(each: Explanation) -> float:
    return each.base + sum(one.contribution for one in each.contributions)


def test_base_and_contributions_come_to_the_prediction(models: Models, name: str) -> None:
    found = explain_rows(models(name), ROWS[:20], INPUTS)

    np.testing.assert_allclose([total(each) for each in found], told(models(name), ROWS[:20]))
    np.testing.assert_allclose([each.margin for each in found], told(models(name), ROWS[:20]))


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS, PLACES, NUMBERS), min_size=1, max_size=3))
def test_any_row_adds_up(models: Models, name: str, rows: list[tuple[float, ...]]) -> None:
    model = models(name)
    found = explain_rows(model, np.array(rows), INPUTS)
    if name in TABLE_CLASSIFIERS:  # log-odds would not show in a probability near 1
        scores = model.predict_proba(np.array(rows))[:, 1]
        assert [expit(total(each)) for each in found] == pytest.approx(scores, rel=1e-6)
        return
    for each, value in zip(found, model.predict(np.array(rows)), strict=True):
        size = sum(abs(one.contribution) for one in each.contributions)
        assert total(each) == pytest.approx(value, rel=1e-6, abs=1e-9 * (1.0 + size))


def test_inputs_have_their_own_names_and_values_once(models: Models, name: str) -> None:
    row = np.array([[np.nan, 2.0, 3.0, 0.5], [1.5, 2.0, 2.0, 0.5]])
    values: dict[str, set[float | str | None]] = {
        "width in cm": {None, 1.5},
        "“height”": {2.0},
        "🍷": {"other", "rosé"},
        "noise": {0.5},
    }
    for each in explain_rows(models(name), row, INPUTS):
        names = [one.feature for one in each.contributions]
        assert len(names) == len(set(names))
        assert each.text is None
        for one in each.contributions:
            assert one.value in values[one.feature]
            assert one.start is one.end is None


def test_alone_and_among_others_a_row_has_one_explanation(models: Models, name: str) -> None:
    alone = [explain_rows(models(name), ROWS[at : at + 1], INPUTS)[0] for at in range(5)]
    among = explain_rows(models(name), ROWS[:5], INPUTS)
    for one, other in zip(alone, among, strict=True):
        assert total(one) == pytest.approx(total(other), rel=1e-12)
        assert {part.feature: part.contribution for part in one.contributions} == pytest.approx(
            {part.feature: part.contribution for part in other.contributions}, rel=1e-9, abs=1e-12
        )


@pytest.mark.parametrize(
    "kind", ["decision-tree", "random-forest", "extra-trees", "gradient-boosting"]
)
def test_shapley_values_are_those_of_the_shap_library(kind: str) -> None:
    shap = pytest.importorskip("shap")
    from switchyard.tables.growing import LIBRARY
    from switchyard.tables.trees import TreesRegressor

    X = np.random.default_rng(1).normal(size=(300, 6)).astype(np.float32).astype(np.float64)
    y = X[:, 0] * X[:, 1] + np.sin(3 * X[:, 2])
    model = TreesRegressor(kind, trees=15, depth=9, min_rows=2).fit(X, y)
    judge = shap.TreeExplainer(
        LIBRARY[kind](model).fit(X, y), feature_perturbation="tree_path_dependent"
    )

    base, parts = forests.sums(model, X[:40], np.arange(6), 6)

    np.testing.assert_allclose(parts, judge.shap_values(X[:40]), atol=1e-6)
    assert base == pytest.approx(float(np.ravel(judge.expected_value)[0]), rel=1e-6)


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost"])
def test_boosters_are_explained_as_they_explain_themselves(kind: str) -> None:
    pytest.importorskip(kind)
    from switchyard.tables.trees import TreesRegressor
    from tests.tables.test_boosters import own_contributions

    X = np.random.default_rng(1).normal(size=(300, 6)).astype(np.float32).astype(np.float64)
    y = X[:, 0] * X[:, 1] + np.sin(3 * X[:, 2])
    model = TreesRegressor(kind, trees=15, depth=4).fit(X, y)
    base, parts = forests.sums(model, X[:40], np.arange(6), 6)
    theirs = own_contributions(kind, model, X, y, X[:40])
    np.testing.assert_allclose(parts, theirs[:, :-1], atol=1e-5)
    np.testing.assert_allclose(base, theirs[:, -1], rtol=1e-5)


def by_hand(worth: coalitions.Worth, inputs: int) -> Any:
    """The definition: the mean of what each adds, over all orders."""
    added = np.zeros(inputs)
    orders = list(permutations(range(inputs)))
    for order in orders:
        held = np.zeros(inputs, bool)
        before = float(worth(held[None])[0])
        for at in order:
            held[at] = True
            after = float(worth(held[None])[0])
            added[at] += after - before
            before = after
    return added / len(orders)


def game(sets: coalitions.Mask) -> coalitions.Floats:
    weights = np.array([1.0, -2.0, 0.5, 3.0, 0.0])[: sets.shape[1]]
    values: coalitions.Floats = (sets @ weights) ** 2 + sets[:, 0] * 4.0
    return values


def test_sets_are_weighed_as_the_definition_says() -> None:
    np.testing.assert_allclose(coalitions.exact(game, 5), by_hand(game, 5), rtol=1e-12, atol=1e-12)


def test_drawn_orders_add_up_and_come_near() -> None:
    found = coalitions.sampled(game, 5)
    ends = game(np.array([[False] * 5, [True] * 5]))
    assert found.sum() == pytest.approx(ends[1] - ends[0])
    np.testing.assert_allclose(found, by_hand(game, 5), atol=2.0)
    assert found[4] == 0.0


def test_places_of_a_category_are_known_together(models: Models) -> None:
    """As by the definition, with the tree's own means where an input is unknown."""
    model = models("decision-tree")
    features, owners = model[0].transform(ROWS[:3]), model[0].owners()
    trees = model[1]

    def expected(row: Any, held: Any, node: int) -> float:
        if trees.features_[node] < 0:
            return float(trees.values_[node])
        left, right = int(trees.lefts_[node]), int(trees.rights_[node])
        if held[owners[trees.features_[node]]]:
            goes_left = np.float32(row[trees.features_[node]]) <= trees.thresholds_[node]
            return expected(row, held, left if goes_left else right)
        share = trees.covers_[left] / trees.covers_[node]
        return float(share * expected(row, held, left) + (1.0 - share) * expected(row, held, right))

    def worth(row: Any, sets: Any) -> Any:
        return np.array([expected(row, sets[0], 0)])

    _, parts = forests.sums(trees, features, owners, 4)
    for row, part in zip(features, parts, strict=True):
        shared = by_hand(partial(worth, row), 4)
        np.testing.assert_allclose(part, shared, atol=1e-9)


def test_what_is_not_in_the_catalogue_is_refused() -> None:
    with pytest.raises(RequestError, match="no explanation of rows for the estimator Odd"):
        explain_rows(type("Odd", (), {})(), ROWS, INPUTS)


def test_no_rows_have_no_explanations(models: Models) -> None:
    assert explain_rows(models("ridge"), ROWS[:0], INPUTS) == []


def test_many_inputs_add_up_too() -> None:
    inputs: dict[str, AnyInput] = {
        f"column {at}": Number(type="number", minimum=0, maximum=1) for at in range(300)
    }
    rows = np.random.default_rng(0).random((120, 300))
    y = rows[:, 0] + rows[:, 7]
    for name in ("adaboost", "random-forest", "ridge"):
        model = fit(Candidate(name=name, estimator=name), {}, rows, y, None, 1, (0,) * 300)
        (found,) = explain_rows(model, rows[:1], inputs)
        assert total(found) == pytest.approx(float(model.predict(rows[:1])[0]))


@pytest.mark.slow
def test_a_row_of_a_forest_is_explained_at_once() -> None:
    candidate = Candidate(name="x", estimator="random-forest", parameters={"min_rows": 2})
    rows = np.random.default_rng(0).normal(size=(1_000, 4))
    rows[:, 2] = np.abs(rows[:, 2]) // 0.5 % 4
    model = fit(candidate, {"trees": 200, "min_rows": 4}, rows, rows[:, 0] ** 2, None, 1, SIZES)
    explain_rows(model, rows[:1], INPUTS)
    times = []
    for _ in range(9):
        began = time.perf_counter()
        explain_rows(model, rows[:1], INPUTS)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.05


def test_every_estimator_of_tables_is_in_the_catalogue() -> None:
    assert {*REGRESSORS, *TABLE_CLASSIFIERS} <= set(CATALOGUE)


def test_features_that_are_not_those_of_the_trees_are_refused() -> None:
    """The kernel looks at no bounds: it must not be reached."""
    rows = random.normal(size=(50, 9))
    model = TreesRegressor("decision-tree", depth=3).fit(rows, rows[:, 8])
    encoder = TableEncoder().fit(np.zeros((5, 4)))
    with pytest.raises(PlatformError, match="4 features of 4 inputs, its trees were grown on 9"):
        forests.contributions(encoder, model, np.zeros((1, 4)), 4)
    with pytest.raises(PlatformError, match="not of one model"):
        forests.sums(model, np.zeros((1, 9)), np.arange(9), 4)


@pytest.mark.parametrize("inputs", [4, 8, 12])
def test_a_costly_model_is_asked_less_and_its_parts_still_add_up(
    monkeypatch: pytest.MonkeyPatch, inputs: int
) -> None:
    """10,000 rows are looked at for each prediction."""
    rows = random.normal(size=(10_000, inputs))
    encoder = TableEncoder().fit(rows)
    model = NeighboursRegressor().fit(encoder.transform(rows), rows.sum(axis=1))
    asked: list[int] = []
    predict = NeighboursRegressor.predict

    def counted(self: Any, X: Any) -> Any:
        asked.append(len(X))
        return predict(self, X)

    monkeypatch.setattr(NeighboursRegressor, "predict", counted)
    bases, margins, parts = coalitions.contributions(encoder, model, rows[:1], inputs)
    np.testing.assert_allclose(bases + parts.sum(axis=1), margins)
    assert sum(asked) * model.rows_.size < 130_000_000
