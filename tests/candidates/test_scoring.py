"""What tuning optimises, on scores small enough to count by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from switchyard.candidates.scoring import SCORERS, accuracy, recall_at_fpr
from switchyard.configuration.model import Tuning


def test_recall_counts_only_what_costs_at_most_one_false_positive_in_a_hundred() -> None:
    y = np.repeat([0, 1], [100, 4])
    scores = np.concatenate([np.linspace(0.0, 0.4, 98), [0.7, 0.9], [0.2, 0.6, 0.8, 0.95]])

    assert recall_at_fpr(y, scores) == 0.5


def test_nothing_is_recalled_when_the_negatives_score_highest() -> None:
    assert recall_at_fpr(np.array([0, 0, 1]), np.array([0.8, 0.9, 0.1])) == 0.0


def test_accuracy_cuts_at_one_half() -> None:
    assert accuracy(np.array([0, 1, 1, 0]), np.array([0.4, 0.6, 0.4, 0.1])) == 0.75


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "accuracy", "recall_at_fpr"])
def test_every_metric_of_the_configuration_is_one_for_a_perfect_ranking(metric: Any) -> None:
    assert Tuning(metric=metric).metric == metric
    assert SCORERS[metric](np.array([0, 0, 1]), np.array([0.1, 0.2, 0.9])) == 1.0
