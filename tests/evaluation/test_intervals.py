"""Intervals cover, repeat, pair, and respect groups."""

from __future__ import annotations

import numpy as np
import pytest

from switchyard.errors import DataError
from switchyard.evaluation.intervals import Interval, bootstrap, draws, paired_difference
from switchyard.evaluation.metrics import METRICS, Decided, measure_all


def sample(rows: int, seed: int = 0, lift: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    y = generator.integers(0, 2, rows)
    return y, 1 / (1 + np.exp(-(generator.normal(size=rows) + lift * (y - 0.5))))


def found(y: object, score: object, **changes: object) -> dict[str, Interval]:
    options = {"resamples": 100, "confidence": 0.95, "seed": 1} | changes
    return bootstrap(Decided(y, score, 0.5), **options)  # type: ignore[arg-type]


def ends(interval: Interval) -> tuple[float, float]:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high


def width(interval: Interval) -> float:
    low, high = ends(interval)
    return high - low


def test_the_value_is_that_of_all_rows_and_lies_between_the_ends() -> None:
    y, score = sample(3_000)

    intervals = found(y, score)

    for name, value in measure_all(y, score, 0.5).items():
        interval = intervals[name]
        if METRICS[name].unmeasurable(int(y.sum()), int(len(y) - y.sum())):
            assert interval == Interval(value=None)
            continue
        assert interval.value == value
        if name != "ece":  # a resample adds noise to a distance: its bootstrap is biased upwards
            low, high = ends(interval)
            assert low < value < high


def test_the_width_is_that_of_the_binomial() -> None:
    y, score = sample(4_000)

    interval = found(y, score, resamples=400)["accuracy"]

    right = interval.value or 0.0
    expected = 2 * 1.96 * np.sqrt(right * (1 - right) / 4_000)
    assert width(interval) == pytest.approx(expected, rel=0.15)


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    y, score = sample(500)

    assert found(y, score) == found(y, score)
    assert found(y, score) != found(y, score, seed=2)


def test_rows_of_a_group_are_drawn_together() -> None:
    groups = np.array(["a", "a", "b", "c", "c", "c"])

    for counts in draws(6, 50, seed=0, groups=groups):
        assert counts[0] == counts[1]
        assert counts[3] == counts[4] == counts[5]
        assert int(counts[0]) + int(counts[2]) + int(counts[3]) == 3


def test_groups_that_agree_make_the_interval_wider() -> None:
    y, score = sample(200)
    many = {"y": np.repeat(y, 20), "score": np.repeat(score, 20)}
    groups = np.repeat(np.arange(200), 20)

    alone, together = found(**many)["roc_auc"], found(**many, groups=groups)["roc_auc"]

    assert width(together) > 3 * width(alone)


@pytest.mark.parametrize("y", [[0], [1], [0, 1], [0, 0, 0]])
def test_tiny_samples_and_single_classes_are_well_defined(y: list[int]) -> None:
    intervals = found(y, [0.5] * len(y))

    assert intervals["accuracy"].low is not None
    assert (intervals["roc_auc"].value is None) == (len(set(y)) == 1)


def test_without_resamples_there_are_values_without_ends() -> None:
    interval = found([0, 1], [0.2, 0.8], resamples=0)["accuracy"]

    assert interval == Interval(value=1.0)


def test_groups_must_fit_the_rows() -> None:
    with pytest.raises(DataError, match="2 rows came with 3 groups"):
        found([0, 1], [0.2, 0.8], groups=["a", "b", "c"])


def difference(better: float, worse: float, metric: str) -> Interval:
    y, a = sample(2_000, lift=better)
    _, b = sample(2_000, lift=worse)
    return paired_difference(
        Decided(y, a, 0.5), Decided(y, b, 0.5), metric, resamples=200, confidence=0.95, seed=3
    )


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "brier"])
def test_a_better_model_gains_whatever_the_direction_of_the_metric(metric: str) -> None:
    assert ends(difference(3.0, 1.0, metric))[0] > 0
    assert ends(difference(1.0, 3.0, metric))[1] < 0


def test_a_model_against_itself_gains_nothing() -> None:
    assert difference(2.0, 2.0, "roc_auc") == Interval(value=0.0, low=0.0, high=0.0)


def test_pairing_is_narrower_than_two_intervals() -> None:
    y, score = sample(2_000)
    near = np.clip(score + 0.01 * np.random.default_rng(5).normal(size=2_000), 0, 1)

    paired = paired_difference(
        Decided(y, near, 0.5),
        Decided(y, score, 0.5),
        "roc_auc",
        resamples=200,
        confidence=0.95,
        seed=3,
    )
    alone = found(y, score)["roc_auc"]

    assert width(paired) < 0.2 * width(alone)


def test_what_cannot_be_measured_has_no_difference() -> None:
    y, score = sample(50)

    same = Decided(y, score, 0.5)
    assert paired_difference(
        same, same, "recall_at_1pct_fpr", resamples=10, confidence=0.9, seed=0
    ) == Interval(value=None)
