from __future__ import annotations

import pyarrow as pa
import pytest

from switchyard.errors import RequestError
from switchyard.monitoring.performance import measure, measure_numbers
from switchyard.tables.plausible import limits


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


def numbers(*given: tuple[float | None, str | None], half: float | None = 2.0) -> pa.Table:
    """Rows of predicted numbers and the text of the true ones, with intervals so wide."""
    scores = [score for score, _ in given]
    around = [
        None if score is None or half is None else (score - half, score + half) for score in scores
    ]
    return pa.table(
        {
            "label": pa.nulls(len(given), pa.string()),
            "true_label": pa.array([truth for _, truth in given], pa.string()),
            "score": pa.array(scores, pa.float64()),
            "low": pa.array([each and each[0] for each in around], pa.float64()),
            "high": pa.array([each and each[1] for each in around], pa.float64()),
        }
    )


CLOSE = [(10.0, "11.0"), (20.0, "19.0"), (30.0, "31.0"), (40.0, "44.0")]


def test_predicted_numbers_are_measured_against_the_true_ones() -> None:
    found = measure_numbers(numbers(*CLOSE), {})
    assert found is not None
    assert found.metrics == pytest.approx(
        {
            "r2": 1 - 19 / 622.75,
            "rmse": (19 / 4) ** 0.5,
            "mae": 7 / 4,
            "bias": -5 / 4,
            "coverage": 0.75,
        },
        abs=1e-5,
    )
    assert (found.rows, found.skipped, found.below_floor) == (4, 0, ())


@pytest.mark.parametrize(
    ("floors", "below"),
    [
        ({"r2": 0.9}, ()),
        ({"r2": 0.99}, ("r2",)),
        ({"rmse": 2.0}, ("rmse",)),
        ({"rmse": 3.0, "mae": 2.0}, ()),
        ({"mae": 1.0, "median_ae": 0.5}, ("mae", "median_ae")),
        ({"coverage": 0.8}, ("coverage",)),
        ({"bias": 1.0}, ("bias",)),
        ({"bias": 2.0}, ()),
    ],
)
def test_floors_of_errors_are_what_may_not_be_exceeded(
    floors: dict[str, float], below: tuple[str, ...]
) -> None:
    found = measure_numbers(numbers(*CLOSE), floors)
    assert found is not None
    assert found.below_floor == below


def test_labels_that_are_no_number_are_skipped_and_counted() -> None:
    found = measure_numbers(numbers(*CLOSE, (5.0, "five"), (5.0, None), (None, "5.0")), {})
    assert found is not None
    assert (found.rows, found.skipped) == (4, 3)
    assert measure_numbers(numbers((5.0, "five")), {}) is None


def test_labels_that_cannot_be_true_are_skipped_and_floors_judged_all_the_same() -> None:
    found = measure_numbers(numbers(*CLOSE, (5.0, "1e308")), {"rmse": 1.0})
    assert found is not None
    assert (found.rows, found.skipped, found.below_floor) == (4, 1, ("rmse",))
    held = measure_numbers(numbers(*CLOSE, (5.0, "1e6")), {"rmse": 3.0}, limits(0.0, 50.0))
    assert held is not None
    assert (held.rows, held.skipped, held.below_floor) == (4, 1, ())


def test_without_intervals_there_is_no_coverage_and_of_equal_truths_no_r2() -> None:
    found = measure_numbers(
        numbers((1.0, "3"), (2.0, "3"), half=None), {"coverage": 0.9, "r2": 0.5}
    )
    assert found is not None
    assert set(found.metrics) == {"rmse", "mae", "bias"}
    assert found.below_floor == ()
    assert measure_numbers(numbers(*CLOSE).drop_columns(["low", "high"]), {}) is not None


def test_a_floor_of_a_metric_of_classes_is_refused_for_numbers() -> None:
    with pytest.raises(RequestError, match=r"monitoring\.floors: 'accuracy' is no metric; "):
        measure_numbers(numbers(*CLOSE), {"accuracy": 0.9})
