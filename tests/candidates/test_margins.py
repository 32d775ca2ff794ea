"""The calibrated SVM is scikit-learn's kind of classifier, and its sigmoid knows about groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from switchyard.candidates.margins import CalibratedSvm


@parametrize_with_checks([CalibratedSvm()])
def test_scikit_learns_own_checks_pass(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def grouped(seed: int, groups: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows whose group marks them: a column for each group, and one that tells a little."""
    rng = np.random.default_rng(seed)
    member = np.repeat(np.arange(groups), 10)
    y = rng.integers(0, 2, groups)[member]
    hint = y + rng.normal(0, 0.7, len(y))
    return np.column_stack([np.eye(groups)[member], hint]), y, member


def test_groups_kept_together_make_it_less_sure_of_what_it_has_learned_by_heart() -> None:
    X, y, member = grouped(0)

    apart = CalibratedSvm(C=10.0).fit(X, y, groups=member)
    mixed = CalibratedSvm(C=10.0).fit(X, y)

    assert 0 < apart.slope_ < mixed.slope_ / 2


def test_the_penalty_is_shared_by_the_rows_as_in_linear_svc() -> None:
    X, y, _ = grouped(2)

    model = CalibratedSvm(C=0.5).fit(X, y)

    assert model.machine_.alpha == pytest.approx(1 / (0.5 * len(y)))


def test_a_penalty_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="C must be greater than 0, not 0"):
        CalibratedSvm(C=0).fit(np.eye(4), np.array([0, 1, 0, 1]))


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        CalibratedSvm().fit(np.ones((4, 1)), np.zeros(4, dtype=int))


def test_folds_that_find_nothing_leave_the_order_and_the_base_rate() -> None:
    y = np.repeat([0, 1], 30)
    member = np.repeat(np.arange(12), 5)
    X = np.eye(12)[member]

    model = CalibratedSvm().fit(X, y, groups=member)

    assert model.slope_ > 0
    assert model.predict_proba(X)[:, 1] == pytest.approx(0.5, abs=0.01)


def test_probabilities_follow_the_margins() -> None:
    X, y, member = grouped(1)
    model = CalibratedSvm().fit(X, y, groups=member)

    order = np.argsort(model.machine_.decision_function(X), kind="stable")

    assert (np.diff(model.predict_proba(X)[order, 1]) >= 0).all()
