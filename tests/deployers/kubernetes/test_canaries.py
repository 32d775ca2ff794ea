"""When a candidate is as good as what serves."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.deployers.kubernetes.canaries import agreement, compare, disagreement, grown, pods_for
from stacks.deployers.kubernetes.options import Canary
from switchyard.guarding.judging import Live
from tests.deployers.kubernetes.releases import release

WANTED = Canary(share=0.2, min_requests=50, max_error_growth=0.01, max_latency_growth=2.0)


def live(requests: int, errors: int = 0, p99_ms: float | None = 5.0) -> Live:
    return Live(requests=requests, errors=errors, p99_ms=p99_ms)


@pytest.mark.parametrize(
    ("share", "stable", "pods"), [(0.2, 4, 1), (0.5, 4, 4), (0.01, 4, 1), (0.33, 6, 3), (1.0, 4, 4)]
)
def test_pods_for_a_share(share: float, stable: int, pods: int) -> None:
    assert pods_for(share, stable) == pods


def test_equal_ones_pass() -> None:
    assert compare(live(100), live(1_000), WANTED).failed == ()


def test_more_errors_fail_even_with_few_requests() -> None:
    assert "20.00%" in compare(live(10, 2), live(1_000), WANTED).failed[0]


def test_errors_that_both_have_are_not_the_candidates() -> None:
    assert compare(live(100, 20), live(1_000, 200), WANTED).failed == ()


def test_a_slower_one_fails() -> None:
    [told] = compare(live(100, p99_ms=11.0), live(1_000, p99_ms=5.0), WANTED).failed

    assert "max_latency_growth" in told


def test_latency_of_few_requests_is_not_compared() -> None:
    found = compare(live(49, p99_ms=50.0), live(1_000), WANTED)

    assert found.failed == ()
    assert "49 requests" in found.notes[0]


def test_a_service_without_requests_passes() -> None:
    assert compare(live(0, p99_ms=None), live(0, p99_ms=None), WANTED).failed == ()


def text(requests: int, errors: int = 0, version: str = "3") -> str:
    return (
        f'switchyard_model_info{{model="phishing",version="{version}"}} 1\n'
        f'switchyard_requests_total{{route="/predict",status="200"}} {requests}\n'
        f'switchyard_requests_total{{route="/predict",status="503"}} {errors}\n'
    )


def test_what_was_counted_before_the_canary_is_left_out() -> None:
    found = grown([text(100, 3), text(50)], [text(160, 4), text(70)], release())

    assert (found.requests, found.errors) == (81, 1)


def test_counts_of_pods_that_are_gone_are_no_negative_ones() -> None:
    assert grown([text(100)], [text(10)], release()).requests == 0


def test_labels_agree_when_they_are_equal() -> None:
    known = [{"label": "a", "score": 0.9}, {"label": "b", "score": 0.1}]

    assert agreement(known, [{"label": "a", "score": 0.7}, {"label": "a", "score": 0.6}]) == 0.5
    assert agreement([], []) == 1.0


def number(value: float, low: float, high: float) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high}


def test_numbers_agree_within_both_intervals() -> None:
    known = [number(10, 8, 12), number(10, 8, 12)]

    assert agreement(known, [number(11, 9, 13), number(12, 11, 13)]) == 0.5


def test_numbers_without_intervals_agree_when_they_are_close() -> None:
    assert agreement([{"value": 100.0}], [{"value": 104.0}]) == 1.0


def test_too_little_agreement_is_told() -> None:
    wanted = Canary(min_agreement=0.9)

    assert "answers 80% of 10 known rows" in disagreement(0.8, 10, wanted)
    assert disagreement(0.9, 10, wanted) == ""
