"""Rows of tables: what is read, what is refused, what is warned of, and the same scores always."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.errors import RequestError
from switchyard.packages.manifest import Category, Number
from switchyard.serving.predictor import Predictor
from switchyard.serving.tables import TableChecker
from tests.table_models import CLASSIFICATION, REGRESSION, package_of

NAMES = ("parental level of education", "lunch/label", "reading", "label")

ROWS = st.tuples(
    st.sampled_from(["college", "none", "school", " school ", "other", "", None]),
    st.sampled_from(["free", "standard", "🍷", "", None]),
    st.sampled_from([0, 55, 72.5, -3.0, 1e9, None, "61.5", "many", "", "1e400", True, 10**400]),
    st.floats(-2, 2) | st.none() | st.sampled_from([math.nan, math.inf, "-0.5", "?"]),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module", params=["ridge", "lasso", "random-forest", "adaboost", "results"])
def predictor(request: pytest.FixtureRequest, folder: Path) -> Predictor:
    if request.param == "results":
        return Predictor.open(package_of(folder, CLASSIFICATION), "7")
    return Predictor.open(package_of(folder / request.param, REGRESSION, request.param), "7")


@pytest.fixture(scope="module")
def regression(folder: Path) -> Predictor:
    return Predictor.open(package_of(folder / "plain"), "7")


def columns(*rows: Any) -> dict[str, list[Any]]:
    return {name: [row[at] for row in rows] for at, name in enumerate(NAMES)}


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=70), at=st.integers(0, 70))
def test_rows_alone_and_together_get_the_same_answers(
    predictor: Predictor, rows: list[Any], at: int
) -> None:
    together = predictor.score(columns(*rows))

    alone = [predictor.score(columns(row)) for row in rows]
    parts = [predictor.score(columns(*part)).scores for part in (rows[:at], rows[at:]) if part]

    np.testing.assert_array_equal(together.scores, [each.scores[0] for each in alone])
    np.testing.assert_array_equal(together.scores, np.concatenate(parts))
    assert together.problems.to_pylist() == [each.problems[0].as_py() for each in alone]
    assert together.warnings is not None
    assert together.warnings.to_pylist() == [each.warnings[0].as_py() for each in alone]  # type: ignore[index]
    np.testing.assert_array_equal(np.isnan(together.scores), together.problems.is_valid())


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=300, max_size=600), st.integers(1, 299))
def test_many_rows_get_the_scores_of_their_parts(
    predictor: Predictor, reading: list[float], at: int
) -> None:
    rows = columns(*[("college", "free", each, None) for each in reading])

    together = predictor.score(rows).scores
    parts = [
        predictor.score({name: held[start:stop] for name, held in rows.items()}).scores
        for start, stop in ((0, at), (at, at + 1), (at + 1, len(reading)))
    ]

    np.testing.assert_array_equal(together, np.concatenate(parts))


def test_what_is_wrong_with_a_row_names_each_column(regression: Predictor) -> None:
    scored = regression.score(
        columns(
            ("college", "free", 72, None),
            ("university", "free", "many", 0.5),
            ("", "free", None, math.inf),
            (None, None, True, "?"),
            ("school", "", 10**400, ""),
        )
    )

    known = "none of 'college', 'none', 'school'"
    assert scored.problems.to_pylist() == [
        None,
        f"parental level of education: 'university' is {known}; reading: 'many' is no number",
        "parental level of education: is missing; reading: is missing; label: 'inf' is no number",
        "parental level of education: is missing; lunch/label: is missing; "
        "reading: 'True' is no number",
        "lunch/label: is missing; reading: 'inf' is no number",
    ]
    assert list(np.isnan(scored.scores)) == [False, True, True, True, True]
    assert scored.low is not None
    assert np.isnan(scored.low[1:]).all()


def test_a_number_beyond_the_trained_ones_is_answered_with_a_warning(regression: Predictor) -> None:
    reading = regression.manifest.inputs["reading"]
    assert isinstance(reading, Number)

    scored = regression.score(columns(("none", "free", 1_000, -5), ("none", "free", 50, None)))

    assert scored.problems.null_count == 2
    assert np.isfinite(scored.scores).all()
    assert scored.warnings is not None
    said = scored.warnings[0].as_py()
    assert said.startswith(f"'reading' 1000 is above what was trained ({reading.minimum:g} to ")
    assert "; 'label' -5 is below what was trained (" in said
    assert scored.warnings[1].as_py() is None


def test_a_category_that_is_not_known_is_other_where_that_was_trained(
    regression: Predictor,
) -> None:
    scored = regression.score(
        columns(*[("college", name, 60, 0) for name in ("vegan", "🍷", "free")])
    )

    assert scored.problems.null_count == 3
    assert scored.scores[0] == scored.scores[1] != scored.scores[2]


def test_an_interval_surrounds_the_number_and_ends_at_the_bounds(regression: Predictor) -> None:
    band = regression.manifest.band
    assert band is not None

    scored = regression.score(
        columns(*[("college", "free", each, 0) for each in (-900, 50, 60, 900)])
    )

    assert scored.positive is None
    assert scored.low is not None
    assert scored.high is not None
    np.testing.assert_array_equal(scored.low, np.maximum(scored.scores - band.half_width, 0))
    np.testing.assert_array_equal(scored.high, np.minimum(scored.scores + band.half_width, 100))
    assert {scored.low.min(), scored.high.max()} == {0.0, 100.0}


def test_a_classification_has_labels_and_no_interval(folder: Path) -> None:
    predictor = Predictor.open(package_of(folder / "labels", CLASSIFICATION), "7")

    scored = predictor.score(columns(("college", "free", 60, 0), ("college", "free", None, 0)))

    assert scored.positive is not None
    assert scored.positive.tolist() == [scored.scores[0] >= 0.4, False]
    assert scored.low is scored.high is None


@pytest.mark.parametrize(
    "held",
    [
        pa.array([1.5, None, 3.0]),
        pa.array([1.5, None, 3.0], pa.float32()),
        pa.chunked_array([["1.5", ""], [" 3 "]]),
        pa.array(["1.5", None, "3"]).dictionary_encode(),
        pa.array([Decimal("1.5"), None, Decimal(3)]),
        np.array([1.5, math.nan, 3.0]),
        np.array([1.5, None, 3], dtype=object),
        (1.5, None, 3),
        [Decimal("1.5"), None, np.int64(3)],
    ],
)
def test_numbers_are_read_from_whatever_holds_them(held: Any) -> None:
    checker = TableChecker({"a": Number(type="number", minimum=0, maximum=9, missing=True)})

    checked = checker.check({"a": held})

    np.testing.assert_array_equal(checked.coded[:, 0], [1.5, math.nan, 3.0])
    assert checked.faults == {}


@pytest.mark.parametrize(
    "held",
    [
        ["1", " 2 ", "3", None],
        [1, 2.0, "3", ""],
        pa.array([1, 2, 3, None]),
        pa.array([1.0, 2.0, 3.0, None]),
        pa.chunked_array([["1"], [" 2", "3", ""]]),
        np.array([1, 2, 3, math.nan]),
    ],
)
def test_categories_are_read_from_whatever_holds_them(held: Any) -> None:
    declared = Category(type="category", values=("1", "2"), missing=True)

    checked = TableChecker({"a": declared}).check({"a": held})

    np.testing.assert_array_equal(checked.coded[:, 0], [0, 1, math.nan, math.nan])
    assert checked.faults == {2: [("a", "'3' is none of '1', '2'")]}


@pytest.mark.parametrize(
    "held", [pa.array([True, False]), pa.array([b"1", b"2"]), [[1], {}], [True, False]]
)
def test_what_is_no_number_is_a_problem_and_no_exception(held: Any) -> None:
    checker = TableChecker({"a": Number(type="number", minimum=0, maximum=9)})

    assert sorted(checker.check({"a": held}).faults) == [0, 1]


def test_columns_that_are_missing_or_too_short_are_named(regression: Predictor) -> None:
    whole = columns(("college", "free", 60, 0))

    with pytest.raises(RequestError, match="column 'reading' is missing; there are"):
        regression.score({name: held for name, held in whole.items() if name != "reading"})
    with pytest.raises(RequestError, match="column 'label' has 2 rows, 'parental level of"):
        regression.score(whole | {"label": [1, 2]})


def test_of_many_problems_of_a_row_the_first_are_told() -> None:
    inputs = {f"c{at}": Number(type="number", minimum=0, maximum=9) for at in range(2_000)}

    checked = TableChecker(inputs).check({name: [None] for name in inputs})

    assert len(checked.faults[0]) == 2_000


def test_no_rows_get_no_scores(predictor: Predictor) -> None:
    assert len(predictor.score(columns()).scores) == 0
