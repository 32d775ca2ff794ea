"""One evaluation of all candidates, that goes to JSON and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from switchyard.configuration.model import Evaluation as Settings
from switchyard.errors import RequestError
from switchyard.evaluation.judging import POINTS, evaluate
from switchyard.evaluation.results import Evaluation
from switchyard.evaluation.thresholds import Threshold, choose_threshold

SETTINGS = Settings(bootstrap=20)


def judged(rows: int = 3_000, one_class: bool = False) -> Evaluation:
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, rows) * (not one_class)
    scores = {
        name: 1 / (1 + np.exp(-(generator.normal(size=rows) + lift * (y - 0.5))))
        for name, lift in (("weak", 0.5), ("strong", 3.0))
    }
    thresholds = {name: choose_threshold(y, score, 0.05) for name, score in scores.items()}
    columns = pd.DataFrame({"half": np.where(np.arange(rows) < rows // 2, "first", "second")})
    return evaluate(
        y, scores, thresholds, "strong", columns, SETTINGS, 7, groups=np.arange(rows) // 2
    )


def test_json_gives_the_same_evaluation_back() -> None:
    evaluation = judged()

    assert Evaluation.model_validate_json(evaluation.model_dump_json()) == evaluation


def test_each_candidate_has_its_own_figures() -> None:
    evaluation = judged()

    assert evaluation.figures("strong")["roc_auc"] > evaluation.figures("weak")["roc_auc"] + 0.1


def test_the_confusion_matrix_holds_every_row() -> None:
    evaluation = judged()
    cells = evaluation.served.confusion

    assert cells is not None
    assert cells.true_positives + cells.false_negatives == evaluation.positives
    assert sum(cells.model_dump().values()) == evaluation.rows
    right = cells.true_positives + cells.true_negatives
    assert right / evaluation.rows == evaluation.figures("strong")["accuracy"]


def test_curves_are_thin_and_whole() -> None:
    for candidate in judged(30_000).candidates:
        for curve in (candidate.roc, candidate.pr):
            assert 50 < len(curve.x) == len(curve.y) <= POINTS
        assert (candidate.roc.x[0], candidate.roc.y[0]) == (0.0, 0.0)
        assert (candidate.roc.x[-1], candidate.roc.y[-1]) == (1.0, 1.0)
        area = np.trapezoid(candidate.roc.y, candidate.roc.x)
        assert area == pytest.approx(candidate.metrics["roc_auc"].value, abs=0.002)


def test_one_class_is_told_and_has_no_curves() -> None:
    evaluation = judged(one_class=True)

    assert evaluation.unmeasured["roc_auc"] == "there is no positive row"
    assert evaluation.candidate("strong").roc.x == ()
    assert "roc_auc" not in evaluation.figures("strong")


def test_the_unmeasured_is_told() -> None:
    assert "100,000 negative rows" in judged().unmeasured["recall_at_001pct_fpr"]


def test_scores_and_thresholds_must_be_of_the_same_candidates() -> None:
    threshold = Threshold(value=0.5, false_positive_rate=None, recall=None, note="")
    columns = pd.DataFrame({"a": ["x"]})

    with pytest.raises(RequestError, match="same candidates, 'other' among them"):
        evaluate([1], {"one": [0.5]}, {"one": threshold}, "other", columns, SETTINGS, 0)
