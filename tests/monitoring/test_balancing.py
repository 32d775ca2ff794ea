from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from switchyard.monitoring.balancing import balance, positive_class_share


def population(rows: int, positives: float, seed: int) -> tuple[Any, Any]:
    """Decisions and true classes at a recall of .9 and a false-positive rate of .05."""
    random = np.random.default_rng(seed)
    truth = random.random(rows) < positives
    return random.random(rows) < np.where(truth, 0.9, 0.05), truth


@pytest.mark.parametrize("share", [0.02, 0.2, 0.9])
def test_the_share_of_the_positive_class_is_told_by_decisions(share: float) -> None:
    reference, truth = population(20_000, 0.4, 1)
    window, _ = population(20_000, share, 2)
    assert positive_class_share(window, reference, truth) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.9])
def test_the_reference_has_as_many_wrong_decisions_as_the_window(share: float) -> None:
    reference, truth = population(20_000, 0.4, 1)
    window, true = population(20_000, share, 2)

    rows, held = balance(window, reference, truth, 100, 10**6)

    for decision in (True, False):
        wrong = (true[rows] != decision)[window[rows] == decision].mean()
        expected = (truth[held] != decision)[reference[held] == decision].mean()
        assert expected == pytest.approx(wrong, abs=0.05)


def test_both_decisions_come_with_as_many_rows() -> None:
    reference, truth = population(20_000, 0.4, 1)
    window, _ = population(5_000, 0.2, 2)
    rows, held = balance(window, reference, truth, 100, 10**6)
    assert window[rows].mean() == 0.5
    assert reference[held].mean() == pytest.approx(0.5, abs=0.001)


def test_with_few_rows_of_a_decision_the_window_stays_as_it_is() -> None:
    reference, truth = population(20_000, 0.4, 1)
    window, _ = population(300, 0.1, 2)
    rows, held = balance(window, reference, truth, 100, 10**6)
    assert len(rows) == 300
    assert reference[held].mean() == pytest.approx(window.mean(), abs=0.01)


def test_of_more_rows_than_allowed_some_are_drawn_the_same_ones_each_time() -> None:
    reference, truth = population(2_000, 0.4, 1)
    window, _ = population(50_000, 0.3, 2)
    first, second = (balance(window, reference, truth, 100, 1_000) for _ in range(2))
    assert len(first.window) == 1_000
    assert (first.window == second.window).all()
    assert (first.reference == second.reference).all()


def test_an_empty_window_and_a_reference_of_one_class_are_possible() -> None:
    reference, truth = np.ones(10, np.bool_), np.ones(10, np.bool_)
    assert len(balance(np.zeros(0, np.bool_), reference, truth, 5, 100).window) == 0
    sides = balance(np.zeros(7, np.bool_), reference, truth, 5, 100)
    assert (len(sides.window), len(sides.reference)) == (7, 10)


def test_decisions_by_chance_tell_nothing_of_classes() -> None:
    decided = np.random.default_rng(3).random(1_000) < 0.5
    truth = np.arange(1_000) % 2 == 0
    assert positive_class_share(decided, decided, truth) is None
