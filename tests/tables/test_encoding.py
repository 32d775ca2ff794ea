"""Coded rows become features without gaps, the same one by one as all together."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from switchyard.configuration.tables import Column, Table
from switchyard.errors import DataError
from switchyard.packages.manifest import Category, Number
from switchyard.tables import coding
from switchyard.tables.coding import coded, decoded, learn_inputs, rows_of, sizes_of
from switchyard.tables.encoding import TableEncoder
from switchyard.tables.linear import LinearRegressor

TABLE = Table(
    inputs=(
        Column(name="size", missing="allow", unit="cm"),
        Column(name="label", type="category", unknown="other", missing="allow"),
        Column(name="grade", type="category", values=("low", "high")),
    )
)


@pytest.fixture
def train() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "size": [1.0, 2.0, np.nan, 4.0] * 10,
            "input_label": ["red", "white", None, "red"] * 9 + ["rare", "red", "red", "red"],
            "grade": ["low"] * 40,
        }
    )


def test_inputs_are_learnt_from_the_training_rows(train: pd.DataFrame) -> None:
    found = learn_inputs(train, TABLE)
    assert found == {
        "size": Number(type="number", minimum=1, maximum=4, missing=True, integer=True, unit="cm"),
        # nine white ones are too few to be told from others
        "label": Category(type="category", values=("red",), missing=True, other=True),
        "grade": Category(type="category", values=("low", "high")),
    }
    assert sizes_of(found) == (0, 2, 2)


def test_rows_are_coded_by_places(train: pd.DataFrame) -> None:
    rows = rows_of(train, learn_inputs(train, TABLE))
    assert rows.shape == (40, 3)
    np.testing.assert_equal(rows[0], [1.0, 0.0, 0.0])
    np.testing.assert_equal(rows[1], [2.0, 1.0, 0.0])
    np.testing.assert_equal(rows[2], [np.nan, np.nan, 0.0])


def test_codes_are_read_back(train: pd.DataFrame) -> None:
    inputs = learn_inputs(train, TABLE)
    told = [decoded(code, inputs["label"]) for code in (0.0, 1.0, np.nan)]
    assert told == ["red", "other", None]
    assert decoded(2.5, inputs["size"]) == 2.5
    assert decoded(np.nan, inputs["size"]) is None


def test_an_unknown_category_without_an_other_is_none(train: pd.DataFrame) -> None:
    inputs = {"grade": learn_inputs(train, TABLE)["grade"]}
    np.testing.assert_equal(coded({"grade": ["high", "middling"]}, inputs), [[1.0], [np.nan]])


def test_features_have_no_gaps_and_mark_where_they_were(train: pd.DataFrame) -> None:
    inputs = learn_inputs(train, TABLE)
    rows = rows_of(train, inputs)
    encoder = TableEncoder(list(sizes_of(inputs))).fit(rows)
    features = encoder.transform(rows)

    assert np.isfinite(features).all()
    assert features.shape == (40, 1 + 2 + 2 + 2)
    assert encoder.owners().tolist() == [0, 1, 1, 2, 2, 0, 1]
    assert features[2].tolist() == [0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    assert features[:, 0].mean() == pytest.approx(0.0, abs=1e-12)


def test_one_row_is_encoded_as_among_many(train: pd.DataFrame) -> None:
    rows = rows_of(train, learn_inputs(train, TABLE))
    encoder = TableEncoder([0, 2, 2]).fit(rows)
    alone = np.vstack([encoder.transform(rows[at : at + 1]) for at in range(len(rows))])
    assert (alone == encoder.transform(rows)).all()


@pytest.mark.parametrize(
    "damage",
    [
        {"sizes": [0, 2]},
        {"sizes": [0, 2, 10**9]},
        {"sizes": [0, 2, -1]},
        {"sizes": "023"},
        {"means_": np.zeros(2)},
        {"scales_": np.zeros(3, np.float32)},
        {"gaps_": np.array([3])},
    ],
)
def test_a_damaged_encoder_is_refused(train: pd.DataFrame, damage: dict[str, Any]) -> None:
    rows = rows_of(train, learn_inputs(train, TABLE))
    state: Any = TableEncoder([0, 2, 2]).fit(rows).__getstate__()
    with pytest.raises(ValueError, match="encoder is damaged"):
        TableEncoder().__setstate__({**state, **damage})


@parametrize_with_checks([TableEncoder(), TableEncoder(scale=False)])
def test_it_is_a_transformer_as_scikit_learn_has_them(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("value", [0.1, -7.3, 1e9 / 3])
def test_a_constant_column_is_not_scaled_by_its_rounding(value: float) -> None:
    rows = np.full((1_000, 2), value)
    rows[::7, 1] = np.nan
    rows[1, 0] = np.nextafter(value, np.inf)  # as sums of equal parts come out
    encoder = TableEncoder().fit(rows)
    assert encoder.scales_.tolist() == [1.0, 1.0]
    assert encoder.means_[1] == value
    served = encoder.transform([[value + 0.01, value + 0.01]])
    np.testing.assert_allclose(served[0, :2], 0.01, atol=1e-6)


def test_small_deviations_beside_the_mean_are_scaled() -> None:
    encoder = TableEncoder().fit([[1e6], [1e6 + 1e-3]])
    np.testing.assert_allclose(encoder.transform([[1e6], [1e6 + 1e-3]]).ravel(), [-1, 1], rtol=1e-6)


def test_one_row_of_many_columns_is_encoded_within_its_budget() -> None:
    """2,000 number columns; the whole of a request has 5 ms. A busy machine gets twenty tries."""
    rows = np.random.default_rng(0).normal(size=(50, 2_000))
    encoder = TableEncoder().fit(rows)
    model = LinearRegressor("ridge").fit(encoder.transform(rows), rows[:, 0])
    took = []
    for _ in range(20):
        start = time.perf_counter()
        model.predict(encoder.transform(rows[:1]))
        took.append(time.perf_counter() - start)
    assert min(took) < 0.003
    alone = [model.predict(encoder.transform(rows[at : at + 1]))[0] for at in range(50)]
    assert alone == model.predict(encoder.transform(rows)).tolist()


def test_codes_beyond_the_places_of_a_category_are_none_of_them() -> None:
    encoder = TableEncoder([2, 0]).fit([[0.0, 1.0], [1.0, 2.0]])
    odd = encoder.transform([[2.0, 1.0], [-1.0, 1.0], [0.5, 1.0], [np.nan, 1.0], [1.0, 1.0]])
    assert odd[:, :2].tolist() == [[0, 0], [0, 0], [0, 0], [0, 0], [0, 1]]


def many(unknown: str, rows: int, values: int) -> Any:
    table = Table(inputs=(Column(name="street", type="category", unknown=unknown),))  # type: ignore[arg-type]
    codes = np.arange(rows) % values
    codes[: rows // 2] %= 20  # these are frequent
    frame = pd.DataFrame({"street": [f"s{code:05}" for code in codes]})
    return learn_inputs(frame, table)["street"]


def test_a_column_of_too_many_categories_is_named_with_what_to_do() -> None:
    with pytest.raises(DataError, match=r"'street' has 1,001 categories.*'unknown: other'"):
        many("error", 4_004, 1_001)
    assert len(many("error", 4_000, 1_000).values) == 1_000


def test_beside_an_other_the_most_frequent_categories_are_learnt() -> None:
    found = many("other", 50_000, 2_000)
    assert len(found.values) == 1_000
    assert {f"s{code:05}" for code in range(20)} <= set(found.values)


def test_of_very_many_rows_fewer_categories_are_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    """10**6 rows of 500 categories would be 4 GB."""
    monkeypatch.setattr(coding, "_CELLS", 4_000 * 150)
    assert len(many("other", 4_000, 180).values) == 150
    with pytest.raises(DataError, match="at most 150 can be learnt"):
        many("error", 4_000, 180)
