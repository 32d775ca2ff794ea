"""When a version that was deployed lately is taken back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.configuration.loop import Guard
from switchyard.guarding.judging import GuardVerdict, Labelled, Live, judge

GUARD = Guard(min_requests=100, max_error_share=0.01, max_p99_ms=500, min_labelled=50)
BEFORE = Labelled(rows=1_000, right=950)


def judged(before: Labelled = BEFORE, guard: Guard = GUARD, **live: Any) -> GuardVerdict:
    facts: dict[str, Any] = {"requests": 1_000, "p99_ms": 5.0} | live
    return judge(Live(**facts), before, guard)


def test_a_good_version_stays() -> None:
    verdict = judged(labelled=Labelled(rows=200, right=190))

    assert not verdict.roll_back
    assert len(verdict.seen) == 3


def test_errors_call_for_it() -> None:
    verdict = judged(errors=20)

    assert verdict.roll_back
    assert "20 of 1,000 answers (2.00%) are errors; 1.00% is allowed" in verdict.failed


def test_slowness_calls_for_it() -> None:
    assert judged(p99_ms=900.0).roll_back
    assert judged(p99_ms=None, slow=True).roll_back


def test_lost_accuracy_calls_for_it() -> None:
    verdict = judged(labelled=Labelled(rows=100, right=60))

    assert verdict.roll_back
    assert "accuracy 0.600 on 100 labels" in verdict.failed[0]


def test_accuracy_within_chance_does_not() -> None:
    verdict = judged(labelled=Labelled(rows=50, right=44))

    assert not verdict.roll_back
    assert any("within chance" in each for each in verdict.seen)


def test_too_few_requests_and_labels_tell_nothing() -> None:
    few = Labelled(rows=49, right=0)

    assert not judged(requests=99, errors=99, p99_ms=4_000.0, labelled=few).roll_back


def test_without_labels_of_the_version_before_accuracy_is_not_judged() -> None:
    assert not judged(Labelled(rows=10, right=10), labelled=Labelled(rows=500, right=5)).roll_back


def test_switched_off_it_judges_nothing() -> None:
    guard = GUARD.model_copy(update={"enabled": False})

    assert not judged(guard=guard, errors=1_000).roll_back


labels = st.integers(0, 300).flatmap(
    lambda rows: st.builds(Labelled, rows=st.just(rows), right=st.integers(0, rows))
)


@given(st.integers(0, 99), st.integers(0, 99), labels)
def test_it_never_rolls_back_on_little_evidence(
    requests: int, errors: int, before: Labelled
) -> None:
    few = Labelled(rows=49, right=0)

    assert not judged(before, requests=requests, errors=errors, labelled=few).roll_back


@given(labels, labels)
def test_a_version_that_is_no_worse_is_never_taken_back(live: Labelled, before: Labelled) -> None:
    if (live.accuracy or 0.0) >= (before.accuracy or 0.0):
        assert not judged(before, labelled=live).roll_back


@given(labels)
def test_the_interval_holds_the_share(some: Labelled) -> None:
    low, high = some.interval

    assert low - 1e-12 <= (some.accuracy or 0.0) <= high + 1e-12
    assert 0.0 <= low <= high <= 1.0


@pytest.mark.parametrize("rows_before", [50, 1_000])
def test_good_versions_stay_however_often_one_looks(rows_before: int) -> None:
    """Both are right nine times in ten; a run every quarter of an hour, five labels more each."""
    chance = np.random.default_rng(7)
    taken_back = 0
    for _ in range(200):
        before = Labelled(rows=rows_before, right=int(chance.binomial(rows_before, 0.9)))
        right = np.cumsum(chance.binomial(5, 0.9, 96))
        taken_back += any(
            judged(before, labelled=Labelled(rows=5 * run, right=int(right[run - 1]))).roll_back
            for run in range(10, 97, 3)
        )

    assert taken_back <= 2


def test_few_labels_of_the_version_before_are_not_exact() -> None:
    """48 of 50 may have been luck: then 80 of 100 are no loss."""
    live = Labelled(rows=100, right=80)

    assert not judged(Labelled(rows=50, right=48), labelled=live).roll_back
    assert judged(Labelled(rows=10_000, right=9_600), labelled=live).roll_back


def test_what_does_not_answer_or_crashes_goes_without_requests() -> None:
    down = judged(requests=0, down=True)
    crashing = judged(requests=0, restarts=GUARD.max_restarts + 1)

    assert (down.roll_back, crashing.roll_back) == (True, True)
    assert down.failed == ("it has not answered for 60 s",)
    assert crashing.failed == ("its workers crashed 6 times; 5 are allowed",)


def test_a_crash_or_two_are_told_and_allowed() -> None:
    verdict = judged(restarts=2)

    assert not verdict.roll_back
    assert "its workers crashed 2 times; 5 are allowed" in verdict.seen


def test_slowness_beyond_what_is_counted_is_told_and_calls_for_nothing_where_more_is_allowed() -> (
    None
):
    lenient = GUARD.model_copy(update={"max_p99_ms": 60_000})

    verdict = judged(guard=lenient, p99_ms=5_000.0, slow=True)

    assert not verdict.roll_back
    assert any("longest bound of 5,000 ms; 60000 ms are allowed" in each for each in verdict.seen)
    assert judged(p99_ms=5_000.0, slow=True).roll_back
