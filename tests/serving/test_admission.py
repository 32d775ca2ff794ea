"""Overload: what waits, what is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest

from switchyard.serving.admission import Admission
from switchyard.serving.problems import Problem


def test_an_empty_queue_takes_any_body() -> None:
    admission = Admission(max_wait_ms=1)

    with admission.queued(10**9):
        pass


def test_what_would_wait_too_long_is_refused() -> None:
    admission = Admission(max_wait_ms=100)
    admission.took(1000, 0.1)

    with admission.queued(10_000), pytest.raises(Problem) as refusal:
        admission.check(1_000_000)

    assert refusal.value.status == 503
    assert refusal.value.retry_after_s == 1


def test_a_place_is_free_again_when_the_work_is_done_or_fails() -> None:
    admission = Admission(max_wait_ms=1)
    with pytest.raises(ValueError, match="broken"), admission.queued(10**9):
        raise ValueError("broken")

    with admission.queued(10**9):
        pass


def test_costs_are_learnt_from_what_was_done() -> None:
    quick, slow = Admission(max_wait_ms=100), Admission(max_wait_ms=100)
    for _ in range(50):
        quick.took(1000, 1e-6)
        slow.took(1000, 0.1)

    with quick.queued(1000):
        quick.check(100_000)
    with slow.queued(1000), pytest.raises(Problem):
        slow.check(1000)


@pytest.mark.parametrize(
    ("requests", "refused"), [(1000, [False, False, True, False]), (5, [False] * 4)]
)
def test_a_loop_that_requests_made_late_refuses_until_it_is_on_time_again(
    requests: int, refused: list[bool]
) -> None:
    admission = Admission(max_wait_ms=100, interval_s=0.02)

    found = []
    for now in (10.0, 10.02, 10.3, 10.32):
        admission.tick(now)
        found.append(is_refused(admission))
        for _ in range(requests):
            with suppress(Problem):
                admission.small()

    assert found == refused


def is_refused(admission: Admission) -> bool:
    try:
        admission.small()
    except Problem:
        return True
    return False
