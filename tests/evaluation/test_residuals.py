"""Measures of a regression agree with scikit-learn's, on all rows and on resamples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from switchyard.errors import DataError
from switchyard.evaluation.conformal import choose_band
from switchyard.evaluation.residuals import MEASURES, Residuals

NUMBERS = st.floats(-1e3, 1e3)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(0, 3)), min_size=2, max_size=40)


@given(PAIRS)
def test_they_are_what_scikit_learn_says_of_the_repeated_rows(rows: list[Any]) -> None:
    y, predicted, counts = (np.array(column) for column in zip(*rows, strict=True))
    told = dict(
        zip(MEASURES, Residuals(y, predicted, 5.0).measure(counts.astype(np.uint16)), strict=True)
    )
    truth, values = np.repeat(y, counts), np.repeat(predicted, counts)
    if not len(truth):
        assert np.isnan(list(told.values())).all()
        return
    close: dict[str, Any] = {"rel": 1e-6, "abs": 1e-6}
    assert told["mae"] == pytest.approx(metrics.mean_absolute_error(truth, values), **close)
    assert told["rmse"] == pytest.approx(metrics.root_mean_squared_error(truth, values), **close)
    assert told["bias"] == pytest.approx((values - truth).mean(), **close)
    assert told["coverage"] == pytest.approx((abs(values - truth) <= 5.0).mean(), **close)
    low, high = np.quantile(abs(values - truth), 0.5, method="lower"), np.max(abs(values - truth))
    assert low - 1e-9 <= told["median_ae"] <= high
    if np.ptp(truth) > 1e-3:
        assert told["r2"] == pytest.approx(metrics.r2_score(truth, values), rel=1e-4, abs=1e-4)


def test_a_target_that_never_changes_has_no_r2() -> None:
    same = Residuals([1.0, 1.0], [1.0, 2.0], 1.0)
    assert np.isnan(same.measure()[0])
    assert "the same in every row" in same.unmeasured["r2"]


@pytest.mark.parametrize(
    ("y", "predicted", "told"),
    [([1.0], [1.0, 2.0], "equal length"), ([], [], "not empty"), ([1.0], [np.nan], "row 0 is nan")],
)
def test_what_cannot_be_measured_is_refused(y: Any, predicted: Any, told: str) -> None:
    with pytest.raises(DataError, match=told):
        Residuals(y, predicted, 1.0)


def test_intervals_hold_new_rows_as_often_as_promised() -> None:
    random = np.random.default_rng(0)
    held = []
    for _ in range(400):
        errors = random.standard_t(3, size=400)
        band = choose_band(np.zeros(200), errors[:200], 0.9)
        held.append((abs(errors[200:]) <= band.half_width).mean())
    assert np.mean(held) == pytest.approx(0.9, abs=0.01)


def test_too_few_rows_tell_no_interval() -> None:
    with pytest.raises(DataError, match="needs 19 held-out rows, there are 10"):
        choose_band(np.zeros(10), np.ones(10), 0.95)
