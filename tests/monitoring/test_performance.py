from __future__ import annotations

import pyarrow as pa
import pytest

from switchyard.errors import RequestError
from switchyard.monitoring.performance import measure


def rows(*decided: tuple[str, str, float]) -> pa.Table:
    """Of (label, true label, score)."""
    label, true, score = zip(*decided, strict=True)
    return pa.table({"label": label, "true_label": true, "score": score})


GOOD = [("phishing", "phishing", 0.9), ("benign", "benign", 0.1)] * 20


def test_decisions_are_measured_as_they_were_given() -> None:
    wrong = [("benign", "phishing", 0.4)] * 10
    found = measure(rows(*GOOD, *wrong), {"accuracy": 0.75, "recall": 0.7}, "phishing")
    assert found.rows == 50
    assert found.metrics["accuracy"] == pytest.approx(0.8)
    assert found.metrics["recall"] == pytest.approx(20 / 30, abs=1e-5)
    assert found.metrics["false_positive_rate"] == 0.0
    assert found.below_floor == ("recall",)


def test_of_one_class_only_what_can_be_is_measured() -> None:
    benign = measure(rows(*[("benign", "benign", 0.1)] * 30), {"recall": 0.9}, "phishing")
    assert set(benign.metrics) == {"accuracy", "false_positive_rate", "log_loss"}
    assert benign.below_floor == ()
    bad = measure(rows(*[("benign", "phishing", 0.1)] * 30), {"recall": 0.9}, "phishing")
    assert bad.below_floor == ("recall",)
    assert "false_positive_rate" not in bad.metrics


def test_less_is_better_for_a_brier_score() -> None:
    assert measure(rows(*GOOD), {"brier": 0.005}, "phishing").below_floor == ("brier",)
    assert measure(rows(*GOOD), {"brier": 0.05}, "phishing").below_floor == ()


def test_rows_without_a_score_still_count_as_decisions() -> None:
    table = pa.table(
        {"label": ["benign"], "true_label": ["benign"], "score": pa.array([None], pa.float64())}
    )
    assert measure(table, {}, "phishing").metrics == {"accuracy": 1.0, "false_positive_rate": 0.0}


def test_a_floor_of_no_metric_is_refused() -> None:
    with pytest.raises(RequestError, match=r"monitoring\.floors.*acuracy"):
        measure(rows(*GOOD), {"acuracy": 0.9}, "phishing")


def test_rows_of_two_versions_are_measured_by_the_decisions_that_were_given() -> None:
    low = [("phishing", "phishing", 0.4), ("benign", "benign", 0.2)] * 25
    high = [("phishing", "phishing", 0.8), ("benign", "benign", 0.6)] * 50
    found = measure(rows(*low, *high), {"precision": 0.9, "f1": 0.9}, "phishing")
    assert (found.metrics["precision"], found.metrics["f1"]) == (1.0, 1.0)
    assert found.below_floor == ()


def test_a_model_that_finds_nothing_has_no_precision() -> None:
    blind = [("benign", "phishing", 0.1), ("benign", "benign", 0.1)] * 10
    assert measure(rows(*blind), {"precision": 0.5}, "phishing").below_floor == ("precision",)
    quiet = [("benign", "benign", 0.1)] * 10
    assert "precision" not in measure(rows(*quiet), {"precision": 0.5}, "phishing").metrics
