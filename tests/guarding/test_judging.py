"""When a version that was deployed lately is taken back."""

from __future__ import annotations

from typing import Any

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
def test_the_upper_end_is_above_the_share(some: Labelled) -> None:
    assert (some.accuracy or 0.0) <= some.accuracy_at_most + 1e-12
    assert some.accuracy_at_most <= 1.0
