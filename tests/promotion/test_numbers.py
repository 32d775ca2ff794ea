"""Promotion of models that predict numbers: the nearer one wins, and no slice pays for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from switchyard.configuration.model import Promotion
from switchyard.errors import RequestError
from switchyard.packages.loading import load
from switchyard.promotion.challenge import outgrown_by
from switchyard.promotion.deciding import decide
from switchyard.promotion.gates import check_floors, check_names
from switchyard.promotion.records import Contender, Decision
from tests.table_models import CLASSIFICATION, package_of

ROWS = 2_000
random = np.random.default_rng(0)
Y = random.normal(50, 10, ROWS)
NOISE = random.normal(0, 1, ROWS)
SLICES = pd.DataFrame({"kind": np.where(np.arange(ROWS) < 200, "rare", "usual")})
PROMOTION = Promotion(metric="r2", margin=0.0, floors={"r2": 0.5}, max_slice_drop=0.1)


def contender(name: str, errors: Any, **changes: Any) -> Contender:
    options: dict[str, Any] = {"half_width": 5.0, "version": 1, "content_sha256": name * 64}
    return Contender(name=name, scores=Y + errors, **options | changes)


def decided(challenger: Contender, champion: Contender | None, **changes: Any) -> Decision:
    options: dict[str, Any] = {"latency_us": 1.0, "size_mb": 1.0, "promotion": PROMOTION}
    return decide(
        challenger, champion, Y, SLICES, **options | {"seed": 0, "resamples": 100} | changes
    )


def failed(decision: Decision) -> list[str]:
    return [gate.name for gate in decision.gates if not gate.passed]


def test_the_nearer_model_takes_over_and_the_farther_does_not() -> None:
    near, far = contender("a", 2 * NOISE), contender("b", 4 * NOISE)
    assert decided(near, far).promoted
    refused = decided(far, near)
    assert failed(refused) == ["improvement", "slices"]
    assert refused.challenger.metrics["rmse"] == pytest.approx(4.0, rel=0.05)


def test_the_same_answers_are_the_same_model() -> None:
    one = contender("a", NOISE)
    assert decided(one, contender("b", NOISE)).same_model
    assert not decided(one, contender("b", NOISE, half_width=6.0)).same_model


def test_a_slice_may_not_pay_for_the_others() -> None:
    paying = np.where(np.arange(ROWS) < 200, 1.6 * NOISE, 0.2 * NOISE)
    decision = decided(contender("a", paying), contender("b", NOISE))
    assert failed(decision) == ["slices"]
    assert "'kind rare' (200 rows) changes by +60.0 % in mean absolute error" in decision.summary


def test_a_slice_that_chance_explains_is_let_pass() -> None:
    other = random.normal(0, 1.05, ROWS)
    few = pd.DataFrame({"kind": np.where(np.arange(ROWS) < 60, "rare", "usual")})
    champion = contender("b", np.where(np.arange(ROWS) < 60, other / 1.2, 3 * NOISE))
    decision = decide(
        contender("a", np.where(np.arange(ROWS) < 60, other[::-1], NOISE)),
        champion,
        Y,
        few,
        latency_us=1.0,
        size_mb=1.0,
        promotion=PROMOTION,
        seed=0,
        resamples=50,
    )
    assert decision.promoted


def test_recent_rows_decide_where_there_are_enough() -> None:
    recent = np.arange(ROWS) >= ROWS - 300
    challenger = contender("a", np.where(recent, 0.5 * NOISE, 1.02 * NOISE))
    decision = decided(challenger, contender("b", NOISE), recent=recent)
    assert decision.promoted
    assert decision.rows == "300 recent rows"
    assert decision.rest is not None


def test_a_floor_of_an_error_is_a_ceiling() -> None:
    wanted = Promotion(metric="r2", floors={"rmse": 3.0, "r2": 0.5})
    found = {
        gate.name: gate.passed
        for gate in check_floors({"rmse": 2.0, "r2": 0.4}, wanted, numbers=True)
    }
    assert found == {"floor:rmse": True, "floor:r2": False}


def test_metrics_of_labels_are_none_of_numbers() -> None:
    with pytest.raises(RequestError, match=r"promotion\.metric: 'roc_auc' is no metric"):
        check_names(Promotion(metric="roc_auc", floors={}), numbers=True)


def test_a_champion_that_answers_another_question_gives_way(tmp_path: Path) -> None:
    numbers = load(package_of(tmp_path)).manifest
    labels = load(package_of(tmp_path, CLASSIFICATION)).manifest
    assert outgrown_by(numbers, numbers, 1) is None
    gate = outgrown_by(numbers, labels, 4)
    assert gate is not None
    told = "version 4, the champion, answers another question (table-classification from"
    assert gate.sentence.startswith(told)
    decision = decided(contender("a", NOISE), None, outgrown=gate)
    assert decision.promoted
    assert decision.summary.startswith(f"Promoted: {told}")
    origin = labels.data.model_copy(update={"synthetic": False})
    real = labels.model_copy(update={"data": origin})
    refusal = outgrown_by(numbers, real, 4)  # ours is of a synthetic sample
    assert refusal is not None
    assert not refusal.passed
    refused = decided(contender("a", NOISE), None, outgrown=refusal)
    assert not refused.promoted
    assert refused.summary.startswith("The champion is kept")


def test_margins_of_errors_are_shares_whatever_the_unit() -> None:
    wanted = PROMOTION.model_copy(update={"metric": "rmse", "margin": 0.3, "max_loss": 0.03})
    near, far = contender("a", 1_000 * NOISE), contender("b", 2_000 * NOISE)
    decision = decided(near, far, promotion=wanted.model_copy(update={"floors": {}}))
    assert decision.promoted
    assert decision.interval is not None
    assert decision.interval.value == pytest.approx(0.5)
    recent = np.arange(ROWS) >= ROWS - 300
    paying = contender("c", np.where(recent, NOISE, 1.01 * NOISE) * 1_000)
    before = contender("d", np.where(recent, 2 * NOISE, NOISE) * 1_000)
    changed = wanted.model_copy(update={"floors": {}})
    assert decided(paying, before, promotion=changed, recent=recent).promoted


def test_a_floor_of_the_bias_bounds_its_size() -> None:
    wanted = Promotion(metric="r2", floors={"bias": 0.5})
    for bias, passed in ((0.3, True), (-0.3, True), (-0.7, False)):
        (gate,) = check_floors({"bias": bias}, wanted, numbers=True)
        assert gate.passed == passed
        assert "in size at most 0.5" in gate.sentence
