"""Metrics agree with scikit-learn, and say when they cannot be measured."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as judge

from switchyard.errors import DataError, RequestError
from switchyard.evaluation import metrics
from switchyard.evaluation.metrics import METRICS, find, measure_all

rows = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5, 0.9, 1.0])),
    min_size=4,
    max_size=60,
).filter(lambda drawn: {y for y, _ in drawn} == {0, 1})


@given(rows)
@settings(max_examples=150, deadline=None)
def test_metrics_agree_with_scikit_learn_ties_included(drawn: list[tuple[int, float]]) -> None:
    y, score = (np.array(column) for column in zip(*drawn, strict=True))
    called = score >= 0.5

    found = measure_all(y, score, 0.5)

    rates, recalls, _ = judge.roc_curve(y, score, drop_intermediate=False)
    expected = {
        "accuracy": judge.accuracy_score(y, called),
        "precision": judge.precision_score(y, called, zero_division=0),
        "recall": judge.recall_score(y, called),
        "f1": judge.f1_score(y, called, zero_division=0),
        "roc_auc": judge.roc_auc_score(y, score),
        "pr_auc": judge.average_precision_score(y, score),
        "recall_at_1pct_fpr": recalls[rates <= 0.01].max(),
        "brier": judge.brier_score_loss(y, score),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_recall_at_a_rate_stops_before_the_rate_is_passed() -> None:
    y = np.array([1, 1, 0, 1, 0, 0])
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.1])

    assert metrics.recall_at_fpr(y, score, 0.0) == pytest.approx(2 / 3)
    assert metrics.recall_at_fpr(y, score, 1 / 3) == 1.0


def test_calibration_error_is_the_weighted_gap_of_the_bins() -> None:
    y = np.array([0, 1, 1, 1])
    score = np.array([0.2, 0.2, 0.9, 1.0])

    # bins [0, .5) and [.5, 1]: gaps .2 - .5 and .95 - 1, two rows each
    assert metrics.expected_calibration_error(y, score, bins=2) == pytest.approx((0.3 + 0.05) / 2)


def test_one_class_leaves_what_needs_both_undefined() -> None:
    found = measure_all([0, 0, 0], [0.1, 0.2, 0.9], 0.5)

    assert found["accuracy"] == pytest.approx(2 / 3)
    assert [n for n, v in found.items() if math.isnan(v)] == [
        "recall", "f1", "roc_auc", "pr_auc",
        "recall_at_1pct_fpr", "recall_at_01pct_fpr", "recall_at_001pct_fpr",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("recall_at_1pct_fpr", 1_000),
        ("recall_at_01pct_fpr", 10_000),
        ("recall_at_001pct_fpr", 100_000),
    ],
)
def test_a_rate_needs_ten_times_as_many_negatives(name: str, least: int) -> None:
    assert METRICS[name].unmeasurable(5, least) is None
    assert f"{least:,}" in (METRICS[name].unmeasurable(5, least - 1) or "")


def test_gain_follows_the_direction_of_the_metric() -> None:
    assert METRICS["accuracy"].gain(0.9, 0.8) == pytest.approx(0.1)
    assert METRICS["brier"].gain(0.1, 0.2) == pytest.approx(0.1)


def test_an_unknown_metric_is_told_with_the_nearest() -> None:
    with pytest.raises(RequestError, match=r"promotion\.metric: 'roc_acu'.*'roc_auc'"):
        find("roc_acu", "promotion.metric")


@pytest.mark.parametrize(
    ("y", "score", "said"),
    [
        ([], [], "not empty"),
        ([0, 1], [0.5], "equal length"),
        ([0, 2], [0.5, 0.5], "one is 2"),
        ([0, 1], [0.5, 1.5], "row 1 is 1.5"),
        ([0, 1], [float("nan"), 0.5], "row 0 is nan"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused(
    y: list[int], score: list[float], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        measure_all(y, score, 0.5)
