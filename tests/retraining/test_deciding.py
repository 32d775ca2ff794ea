"""When a retraining starts, and which condition fails when it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.configuration.loop import Retraining
from switchyard.monitoring.results import Performance, Status, Verdict
from switchyard.retraining.deciding import RetrainingDecision, decide

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = Retraining(drifted_windows=2, of_windows=3, cooldown_h=24, min_labelled=200)
NOW = START + 30 * DAY


def window(day: int, status: Status = "drifted", **changes: Any) -> Verdict:
    since = START + day * DAY
    facts: dict[str, Any] = {
        "name": "phishing",
        "since": since,
        "until": since + DAY,
        "rows": 1_000,
        "status": status,
        "created": since + DAY,
    }
    return Verdict(**facts | changes)


def lost(day: int) -> Verdict:
    performance = Performance(rows=300, metrics={"accuracy": 0.6}, below_floor=("accuracy",))
    return window(day, "quiet", performance=performance)


def decided(verdicts: list[Verdict], **changes: Any) -> RetrainingDecision:
    facts: dict[str, Any] = {
        "now": NOW,
        "last_started": None,
        "running": False,
        "new_labelled": 500,
    }
    policy = changes.pop("policy", POLICY)
    return decide(verdicts, policy, **facts | changes)


def test_enough_drifted_windows_retrain() -> None:
    decision = decided([window(1), window(2, "quiet"), window(3)])

    assert decision.retrain
    assert "2 of the last 3 windows drifted" in decision.reasons[0]


def test_one_drifted_window_is_not_enough_and_is_told() -> None:
    decision = decided([window(1, "quiet"), window(2, "quiet"), window(3)])

    assert not decision.retrain
    assert "1 of the last 3 windows drifted, 2 are needed" in decision.reasons


def test_only_the_newest_windows_count() -> None:
    quiet = [window(day, "quiet") for day in (3, 4, 5)]

    assert not decided([window(1), window(2), *quiet]).retrain


def test_windows_with_too_few_rows_are_stepped_over() -> None:
    few = [window(day, "too-few-rows") for day in (2, 3, 4)]

    assert decided([window(1), *few, window(5)]).retrain


def test_the_open_window_never_counts() -> None:
    assert not decided([window(1), window(2, provisional=True)]).retrain


def test_lost_performance_retrains_without_drift() -> None:
    decision = decided([window(1, "quiet"), lost(2)])

    assert decision.retrain
    assert "accuracy 0.600 on 300 labels is below its floor" in decision.reasons[0]


def test_performance_that_came_back_does_not_retrain() -> None:
    good = Performance(rows=300, metrics={"accuracy": 0.9})

    assert not decided([lost(1), window(2, "quiet", performance=good)]).retrain


def test_windows_of_the_model_before_do_not_retrain_again() -> None:
    started = START + 3 * DAY

    decision = decided([window(1), window(2)], last_started=started)

    assert not decision.retrain
    assert "no complete window since the last retraining" in decision.reasons[0]
    assert decided([window(1), window(2), window(3), window(4)], last_started=started).retrain


def test_a_window_that_the_retraining_started_in_does_not_count() -> None:
    started = START + 2.5 * DAY

    assert not decided([window(2), window(3)], last_started=started).retrain


def test_verdicts_of_a_clock_that_was_ahead_do_not_count() -> None:
    """Else two of them would be the newest for ever, and retrain again and again."""
    ahead = [window(200), window(201), lost(202)]
    made_ahead = [window(day, created=NOW + DAY) for day in (3, 4)]
    quiet = [window(day, "quiet") for day in range(5, 29)]

    for verdicts in (quiet + ahead, made_ahead):
        assert not decided(verdicts).retrain
        assert not decided(verdicts, last_started=NOW - 2 * DAY).retrain


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"running": True, "running_since": NOW}, "has been running since 2024-01-31 00:00:00"),
        ({"new_labelled": 40}, "only 40 new labels, 200 are needed"),
        ({"policy": POLICY.model_copy(update={"enabled": False})}, "retraining.enabled"),
        ({"obstacle": "captured URLs are masked"}, "captured URLs are masked"),
        ({"last_started": NOW - DAY / 2, "verdicts": 1}, "cool-down until 2024-01-31 12:00:00"),
    ],
)
def test_what_stands_against_it_is_told(changes: dict[str, Any], reason: str) -> None:
    later = [window(30), window(31)] if changes.pop("verdicts", 0) else [window(1), window(2)]

    decision = decided(later, **changes)

    assert not decision.retrain
    assert any(reason in each for each in decision.reasons), decision.reasons


def test_a_clock_that_was_set_back_delays_by_one_cool_down_and_says_so() -> None:
    ahead = NOW + 365 * DAY

    decision = decided([window(31), window(32)], last_started=ahead)

    assert not decision.retrain
    told = next(each for each in decision.reasons if "clock" in each)
    assert "cool-down until 2024-02-01 00:00:00" in told


def test_windows_that_are_yet_to_come_do_not_count_after_the_clock_was_set_back() -> None:
    """Judged while the clock was ahead, by the model before: they would retrain again and again."""
    ahead = [window(31), window(32)]

    assert not decided(ahead, last_started=NOW - 2 * DAY).retrain
    assert not decided(ahead).retrain
    assert decided(ahead, now=NOW + 3 * DAY).retrain


def test_lost_performance_of_a_window_that_is_yet_to_come_does_not_count() -> None:
    assert not decided([window(1, "quiet"), lost(31)]).retrain


windows = st.lists(
    st.builds(
        window,
        st.integers(0, 29),
        st.sampled_from(["quiet", "drifted", "too-few-rows"]),
        provisional=st.booleans(),
    ),
    max_size=12,
)
moments = st.none() | st.integers(-40, 40).map(lambda days: NOW + days * DAY)


@given(windows, moments, st.booleans(), st.integers(0, 400))
def test_it_never_retrains_against_a_condition(
    verdicts: list[Verdict], last: datetime | None, running: bool, new: int
) -> None:
    decision = decided(verdicts, last_started=last, running=running, new_labelled=new)

    if decision.retrain:
        assert not running
        assert new >= POLICY.min_labelled
        assert last is None or NOW - last >= timedelta(hours=POLICY.cooldown_h)
        counted = [v for v in verdicts if not v.provisional and (last is None or v.since >= last)]
        assert sum(v.status == "drifted" for v in counted) >= POLICY.drifted_windows
    assert decision.reasons


@given(windows, st.randoms())
def test_the_order_of_the_records_makes_no_difference(verdicts: list[Verdict], draw: Any) -> None:
    single = {each.since: each for each in verdicts}
    ordered = list(single.values())
    shuffled = ordered.copy()
    draw.shuffle(shuffled)

    assert decided(ordered) == decided(shuffled)
