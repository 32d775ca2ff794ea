"""Thresholds keep to the rate, at ties too, and say what they could not do."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.evaluation.thresholds import choose_threshold

rows = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])),
    min_size=1,
    max_size=40,
)


@given(rows, st.sampled_from([0.01, 0.1, 0.5]))
@settings(max_examples=200, deadline=None)
def test_the_rate_is_kept_and_no_lower_score_would_keep_it(
    drawn: list[tuple[int, float]], allowed: float
) -> None:
    y, score = (np.array(column) for column in zip(*drawn, strict=True))
    chosen = choose_threshold(y, score, allowed)
    negatives = score[y == 0]
    if len(negatives) == 0:
        assert (chosen.value, chosen.false_positive_rate) == (0.5, None)
        return

    assert (negatives >= chosen.value).mean() == chosen.false_positive_rate
    assert (negatives >= chosen.value).mean() <= allowed
    lower = score[score < chosen.value]
    if len(lower):
        assert (negatives >= lower.max()).mean() > allowed


def test_recall_is_that_of_the_validation_rows() -> None:
    chosen = choose_threshold([1, 1, 0, 1, 0], [0.9, 0.8, 0.7, 0.6, 0.1], 0.4)

    assert (chosen.value, chosen.recall) == (0.8, 2 / 3)


def test_where_the_highest_score_is_a_negative_nothing_is_called_positive() -> None:
    chosen = choose_threshold([0, 0, 1], [1.0, 1.0, 0.5], 0.1)

    assert chosen.value > 1.0
    assert (chosen.false_positive_rate, chosen.recall) == (0.0, 0.0)
    assert "above every score" in chosen.note


def test_no_negative_row_is_told() -> None:
    chosen = choose_threshold([1, 1], [0.9, 0.1], 0.01)

    assert (chosen.value, chosen.false_positive_rate, chosen.recall) == (0.5, None, 0.5)
    assert "not chosen" in chosen.note


def test_too_few_negatives_for_the_rate_are_told() -> None:
    few = choose_threshold([0] * 50 + [1], np.linspace(0, 1, 51), 0.01)
    enough = choose_threshold([0] * 500 + [1], np.linspace(0, 1, 501), 0.01)

    assert "too few" in few.note
    assert "too few" not in enough.note


def test_one_large_site_does_not_set_the_threshold() -> None:
    rng = np.random.default_rng(3)
    small = rng.uniform(0.0, 0.6, 1_000)
    y = np.concatenate([np.zeros(2_000), np.ones(500)]).astype(int)
    score = np.concatenate([small, np.full(1_000, 0.95), rng.uniform(0.5, 1.0, 500)])
    groups = np.concatenate([np.arange(1_000), np.full(1_000, -1), np.arange(2_000, 2_500)])

    alone = choose_threshold(y, score, 0.05)
    grouped = choose_threshold(y, score, 0.05, groups)

    assert alone.value > 0.95
    assert grouped.value < 0.65
    assert grouped.false_positive_rate is not None
    assert grouped.false_positive_rate <= 0.05


def test_groups_of_one_row_change_nothing() -> None:
    rng = np.random.default_rng(4)
    y, score = rng.integers(0, 2, 500), rng.random(500)

    alone, grouped = (choose_threshold(y, score, 0.1, g) for g in (None, np.arange(500)))

    assert (alone.value, alone.recall) == (grouped.value, grouped.recall)
