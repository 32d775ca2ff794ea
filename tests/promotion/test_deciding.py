"""Promotion: the better model wins, nothing else does, and the record says why."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from switchyard.configuration.model import Promotion
from switchyard.errors import RequestError
from switchyard.promotion.deciding import decide, latency_us
from switchyard.promotion.gates import check_floors, check_names
from switchyard.promotion.records import Contender, Decision, Gate

ROWS = 4_000
Y = np.arange(ROWS) % 2
SLICES = pd.DataFrame({"source": np.where(np.arange(ROWS) < 400, "feed", "other")})
PROMOTION = Promotion(metric="accuracy", margin=0.002, floors={"accuracy": 0.7})


def contender(name: str, right: float, **changes: Any) -> Contender:
    """A model that is right on this share of the rows, the same rows for the same share."""
    noise = np.random.default_rng(0).random(ROWS)
    scores = np.where(noise < right, Y, 1 - Y) * 0.8 + 0.1
    options: dict[str, Any] = {
        "content_sha256": name * 64,
        "scores": scores,
        "threshold": 0.5,
        "version": 1,
    }
    return Contender(name=name, **options | changes)


def tied() -> Contender:
    """As good as one that is right on .9, with other scores."""
    return contender("b", 0.9, scores=contender("b", 0.9).scores * 0.99)


def decided(challenger: Contender, champion: Contender | None, **changes: Any) -> Decision:
    options: dict[str, Any] = {"latency_us": 10.0, "size_mb": 1.0, "promotion": PROMOTION}
    options |= {"seed": 0, "resamples": 100} | changes
    return decide(challenger, champion, Y, SLICES, **options)


def gate(decision: Decision, name: str) -> Gate:
    return next(gate for gate in decision.gates if gate.name == name)


def test_without_a_champion_the_gates_decide() -> None:
    assert decided(contender("a", 0.9), None).promoted
    refused = decided(contender("a", 0.6), None)
    assert not refused.promoted
    assert "is not at least 0.7" in refused.summary


def test_the_better_challenger_wins_and_the_worse_does_not() -> None:
    good, bad = contender("a", 0.95), contender("b", 0.85)

    assert decided(good, bad).promoted
    assert not decided(bad, good).promoted


def test_each_side_is_measured_by_its_own_scores() -> None:
    decision = decided(contender("a", 0.95), contender("b", 0.85))

    assert decision.challenger.metrics["accuracy"] == pytest.approx(0.95, abs=0.01)
    assert decision.champion is not None
    assert decision.champion.metrics["accuracy"] == pytest.approx(0.85, abs=0.01)


def test_each_side_is_measured_at_its_own_threshold() -> None:
    champion = contender("b", 0.95)
    shifted = contender("a", 0.95, scores=champion.scores * 0.1, threshold=0.05)

    interval = decided(shifted, champion).interval

    assert interval is not None
    assert (interval.value, interval.low, interval.high) == (0.0, 0.0, 0.0)


def test_a_tie_never_promotes() -> None:
    decision = decided(contender("a", 0.9), tied())

    assert not decision.promoted
    assert not decision.same_model
    assert not gate(decision, "improvement").passed


def test_a_tie_does_not_promote_even_without_a_margin() -> None:
    promotion = PROMOTION.model_copy(update={"margin": 0.0})

    assert not decided(contender("a", 0.9), tied(), promotion=promotion).promoted


def test_a_gain_within_chance_does_not_promote() -> None:
    champion = contender("b", 0.9)
    scores = champion.scores.copy()
    wrong = np.flatnonzero((scores >= 0.5) != Y)[:8]
    scores[wrong] = 1 - scores[wrong]

    decision = decided(contender("a", 0.9, scores=scores), champion)

    assert decision.interval is not None
    assert decision.interval.value == pytest.approx(0.002)
    assert not decision.promoted


def test_the_champion_itself_is_told() -> None:
    same = contender("a", 0.9)

    decision = decided(same, same)

    assert not decision.promoted
    assert decision.same_model


def test_another_package_of_the_same_model_is_told() -> None:
    decision = decided(contender("a", 0.9), contender("b", 0.9))

    assert decision.same_model
    assert "answers as the champion does" in decision.summary


def test_a_model_of_real_rows_takes_over_from_one_of_generated_rows() -> None:
    real, generated = contender("a", 0.8), contender("b", 0.95, synthetic=True)

    assert decided(real, generated).promoted
    assert not decided(generated, real).promoted
    assert not gate(decided(generated, real), "provenance").passed


def test_the_record_reads_as_text() -> None:
    text = decided(contender("a", 0.85), contender("b", 0.95)).to_markdown()

    assert "| improvement | **refused** |" in text


def test_a_metric_where_less_is_better_is_turned_around() -> None:
    promotion = Promotion(metric="brier", margin=0.0, floors={"brier": 0.2})
    good, bad = contender("a", 0.95), contender("b", 0.85)

    assert decided(good, bad, promotion=promotion).promoted
    assert not decided(bad, good, promotion=promotion).promoted
    assert not check_floors({"brier": 0.3}, promotion)[0].passed


def fallen(losses: int) -> Contender:
    """Better on the whole than one that is right on .85, but with losses in the small slice."""
    champion = contender("b", 0.85)
    scores = contender("a", 0.95).scores.copy()
    feed = np.arange(ROWS) < 400
    scores[feed] = champion.scores[feed]
    right = np.flatnonzero(feed & ((scores >= 0.5) == Y))[:losses]
    scores[right] = 1 - scores[right]
    return contender("a", 0.0, scores=scores)


@pytest.mark.parametrize(("losses", "promoted"), [(0, True), (12, True), (40, False)])
def test_no_slice_may_fall_more_than_its_allowance(losses: int, promoted: bool) -> None:
    decision = decided(fallen(losses), contender("b", 0.85))

    assert gate(decision, "improvement").passed
    assert decision.promoted is promoted
    assert gate(decision, "slices").value == pytest.approx(losses / 400)


def test_a_fall_that_chance_explains_does_not_count() -> None:
    small = pd.DataFrame({"source": np.where(np.arange(ROWS) < 60, "tiny", "other")})
    champion, challenger = contender("b", 0.85), fallen(3)

    decision = decide(
        challenger, champion, Y, small, latency_us=1, size_mb=1, promotion=PROMOTION, seed=0,
        resamples=50,
    )  # fmt: skip

    assert gate(decision, "slices").passed
    assert "within chance" in gate(decision, "slices").sentence
    assert gate(decision, "slices").value == pytest.approx(3 / 60)


def test_small_slices_are_not_compared() -> None:
    decision = decided(fallen(40), contender("b", 0.85), min_slice_rows=5_000)

    assert "no slice has 5000 rows" in gate(decision, "slices").sentence


@pytest.mark.parametrize(("name", "key"), [("latency", "latency_us"), ("size", "size_mb")])
def test_budgets_are_kept(name: str, key: str) -> None:
    limit = {"latency_us": PROMOTION.max_latency_us, "size_mb": PROMOTION.max_size_mb}[key]

    assert decided(contender("a", 0.9), None, **{key: limit}).promoted
    refused = decided(contender("a", 0.9), None, **{key: limit * 1.01})
    assert not refused.promoted
    assert not gate(refused, name).passed


def test_a_model_of_a_synthetic_sample_never_replaces_one_of_real_data() -> None:
    decision = decided(contender("a", 0.95, synthetic=True), contender("b", 0.85))

    assert not decision.promoted
    assert decided(contender("a", 0.95), contender("b", 0.85, synthetic=True)).promoted


def test_what_cannot_be_measured_is_no_improvement() -> None:
    promotion = Promotion(metric="recall_at_001pct_fpr", floors={})

    decision = decided(contender("a", 0.95), contender("b", 0.85), promotion=promotion)

    assert not decision.promoted
    assert "cannot be compared" in gate(decision, "improvement").sentence


@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_floor_that_cannot_be_measured_is_not_passed(value: float | None) -> None:
    (found,) = check_floors({"accuracy": value}, PROMOTION)

    assert not found.passed
    assert "cannot be measured" in found.sentence
    assert not check_floors({}, PROMOTION)[0].passed


def test_a_floor_that_is_just_reached_is_passed() -> None:
    assert check_floors({"accuracy": 0.7}, PROMOTION)[0].passed


@pytest.mark.parametrize("changes", [{"metric": "acuracy"}, {"floors": {"acuracy": 0.5}}])
def test_a_metric_that_there_is_not_is_told_with_the_nearest(changes: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match=r"promotion\.(metric|floors): 'acuracy'.*'accuracy'"):
        check_names(PROMOTION.model_copy(update=changes))


def test_the_record_goes_to_json_and_back_and_repeats() -> None:
    when = datetime(2026, 1, 2, tzinfo=UTC)
    first = decided(contender("a", 0.95), contender("b", 0.85), created=when)

    assert Decision.model_validate_json(first.model_dump_json()) == first
    assert decided(contender("a", 0.95), contender("b", 0.85), created=when) == first
    assert first.created == "2026-01-02T00:00:00+00:00"
    assert (first.challenger.content_sha256, first.floors_passed) == ("a" * 64, True)


def test_latency_is_the_median_of_single_calls() -> None:
    called: list[list[str]] = []

    def slow(rows: list[str]) -> None:
        called.append(rows)
        time.sleep(0.002)

    taken = latency_us(slow, [["a.com"], ["b.com"]], calls=9)

    assert 2_000 <= taken < 20_000
    assert sorted({tuple(rows) for rows in called}) == [("a.com",), ("b.com",)]
    assert len(called) == 9 + 2  # and the warm-up
    with pytest.raises(RequestError, match="at least one row"):
        latency_us(slow, [])
