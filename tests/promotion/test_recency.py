"""After drift: the gain is measured on recent rows, and the others only guard against loss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from switchyard.configuration.model import Promotion
from switchyard.data.notices import FEEDBACK, RECENT_FEEDBACK
from switchyard.promotion.deciding import decide
from switchyard.promotion.recency import recent_rows, sides
from switchyard.promotion.records import Contender, Decision, Gate

ROWS, NEW = 12_000, 400
Y = (np.arange(ROWS) % 2).astype(np.uint8)
RECENT = np.arange(ROWS) >= ROWS - NEW
SLICES = pd.DataFrame({"all": ["rows"] * ROWS})
PROMOTION = Promotion(metric="accuracy", margin=0.002, floors={}, max_slice_drop=1.0, max_loss=0.02)
LENIENT = PROMOTION.model_copy(update={"max_loss": 0.1})


def contender(name: str, old: float, new: float, draw: int = 0) -> Contender:
    """A model that is right on these shares of the old and the recent rows.

    draw: with another one it is right on other rows, so that nothing pairs up.
    """
    noise = np.random.default_rng(draw).random(ROWS)
    right = noise < np.where(RECENT, new, old)
    scores = np.where(right, Y, 1 - Y) * 0.8 + 0.1
    return Contender(name=name, content_sha256=name * 64, scores=scores, threshold=0.5, version=1)


def decided(
    challenger: Contender, champion: Contender, recent: Any = RECENT, **changes: Any
) -> Decision:
    options: dict[str, Any] = {"latency_us": 1.0, "size_mb": 1.0, "promotion": PROMOTION}
    return decide(
        challenger,
        champion,
        Y,
        SLICES,
        recent=recent,
        **options | {"seed": 0, "resamples": 100} | changes,
    )


CHAMPION = contender("b", 0.95, 0.60)


def test_a_gain_on_recent_rows_wins_though_it_drowns_among_all() -> None:
    challenger = contender("a", 0.949, 0.62)

    assert not decided(challenger, CHAMPION, recent=None).promoted
    better = contender("a", 0.945, 0.90)
    decision = decided(better, CHAMPION)

    assert decision.promoted, decision.summary
    assert decision.rows == "400 recent rows"
    assert decision.interval is not None
    assert decision.interval.value == pytest.approx(0.3, abs=0.06)


def test_a_loss_on_old_rows_beyond_its_allowance_refuses() -> None:
    decision = decided(contender("a", 0.91, 0.90), CHAMPION)

    assert not decision.promoted
    assert "0.02 may be lost" in decision.summary
    assert decision.rest is not None
    assert decision.rest.value == pytest.approx(-0.04, abs=0.01)


def test_a_gain_on_old_rows_alone_does_not_win() -> None:
    decision = decided(contender("a", 0.99, 0.60), CHAMPION)

    assert not decision.promoted
    assert next(g for g in decision.gates if g.name == "improvement").passed is False


def improvement(challenger: Contender, champion: Contender, **changes: Any) -> Gate:
    gates = decided(challenger, champion, **changes).gates
    return next(gate for gate in gates if gate.name == "improvement")


def test_a_gain_that_is_no_more_than_likely_wins_after_drift_and_not_without() -> None:
    likelier = contender("a", 0.95, 0.61, draw=1)

    after = improvement(likelier, CHAMPION, promotion=LENIENT)

    assert after.passed, after.sentence
    assert after.value == pytest.approx(0.01, abs=0.02)
    assert "a loss of 0.1 is ruled out" in after.sentence
    without = improvement(likelier, CHAMPION, promotion=LENIENT, recent=None)
    assert not without.passed
    assert "the lower end does not exceed" in without.sentence


def test_a_gain_on_rows_too_few_to_rule_out_a_loss_does_not_win() -> None:
    challenger, champion = contender("a", 0.95, 0.61, draw=1), CHAMPION

    gate = improvement(challenger, champion)

    assert not gate.passed
    assert gate.value is not None
    assert gate.value > PROMOTION.margin
    assert "but a loss of 0.02 is not ruled out" in gate.sentence


def test_a_loss_on_recent_rows_never_wins_however_small() -> None:
    gate = improvement(contender("a", 0.99, 0.59), CHAMPION, promotion=LENIENT)

    assert not gate.passed
    assert "does not exceed 0.002, but a loss of 0.1 is ruled out" in gate.sentence


def test_where_no_old_rows_of_a_class_are_left_nothing_is_lost_on_them() -> None:
    kept = RECENT | (Y == 0)

    def left(one: Contender) -> Contender:
        return replace(one, scores=one.scores[kept])

    decision = decide(
        left(contender("a", 0.95, 0.9)),
        left(CHAMPION),
        Y[kept],
        SLICES[kept],
        recent=RECENT[kept],
        latency_us=1.0,
        size_mb=1.0,
        promotion=PROMOTION.model_copy(update={"metric": "roc_auc"}),
        seed=0,
        resamples=100,
    )

    assert decision.promoted, decision.summary
    gate = next(gate for gate in decision.gates if gate.name == "no-loss")
    assert "too few are left to lose anything on" in gate.sentence


def test_too_few_recent_rows_change_nothing() -> None:
    few = np.arange(ROWS) >= ROWS - 99
    challenger = contender("a", 0.99, 0.99)

    decision = decided(challenger, CHAMPION, recent=few)

    without = decided(challenger, CHAMPION, recent=None)
    same = ("promoted", "summary", "interval", "gates", "rest", "rows")
    assert [getattr(decision, name) for name in same] == [getattr(without, name) for name in same]


def test_the_record_says_on_which_rows() -> None:
    text = decided(contender("a", 0.945, 0.90), CHAMPION).to_markdown()

    assert "Accuracy on 400 recent rows is better by" in text
    assert "| no-loss | passed |" in text


def test_a_version_that_was_rolled_back_is_not_promoted_again() -> None:
    decision = decided(contender("a", 0.99, 0.99), CHAMPION, rolled_back="20 of 100 are errors")

    assert not decision.promoted
    assert "rolled back before: 20 of 100 are errors" in decision.summary


def test_a_class_with_too_few_recent_rows_is_joined_by_older_ones() -> None:
    promotion = Promotion(metric="recall_at_1pct_fpr")

    found = sides(Y, RECENT, promotion)

    assert found is not None
    assert found.told == "400 recent rows and 5,800 older negative rows"
    assert found.measured.sum() == NEW + 5_800
    assert not (found.measured & ~RECENT & (Y == 1)).any()
    assert found.rest.sum() == ROWS - NEW


def test_recent_rows_of_one_class_can_be_measured() -> None:
    only_phishing = RECENT & (Y == 1)

    found = sides(Y, only_phishing, Promotion(metric="roc_auc"))

    assert found is not None
    assert 0 < Y[found.measured].sum() < found.measured.sum()


def test_a_metric_of_all_rows_needs_no_others() -> None:
    found = sides(Y, RECENT & (Y == 1), Promotion(metric="accuracy", min_recent_rows=10))

    assert found is not None
    assert found.told == "200 recent rows"


def test_recent_rows_are_told_by_their_source() -> None:
    sources = pd.Series([RECENT_FEEDBACK, FEEDBACK, "tranco"], dtype="category")

    assert recent_rows(sources).tolist() == [True, False, False]


def test_a_slice_of_old_rows_keeps_nobody_out_and_one_of_recent_rows_does() -> None:
    dried = np.arange(ROWS) < 600
    columns = pd.DataFrame({"source": np.where(dried, "dried up", "other")})
    better = contender("a", 0.95, 0.90)
    worse = np.where(dried, 1.0 - CHAMPION.scores, better.scores)
    challenger = Contender(
        name="c", content_sha256="c" * 64, scores=worse, threshold=0.5, version=1
    )
    strict = PROMOTION.model_copy(update={"max_slice_drop": 0.03, "max_loss": 0.1})

    def told(recent: Any) -> dict[str, bool]:
        decision = decide(
            challenger,
            CHAMPION,
            Y,
            columns,
            recent=recent,
            latency_us=1.0,
            size_mb=1.0,
            promotion=strict,
            seed=0,
            resamples=100,
        )
        return {gate.name: gate.passed for gate in decision.gates}

    assert told(RECENT)["slices"]
    assert not told(RECENT | dried)["slices"]
