"""An explanation adds up, is in order, and refuses to be wrong."""

from __future__ import annotations

import pytest

from switchyard.errors import PlatformError
from switchyard.explanations.results import Contribution, explanation


def part(feature: str, amount: float, start: int | None = None) -> Contribution:
    return Contribution(feature, None, amount, start, None if start is None else start + 1)


def test_rounding_is_shared_out_in_proportion() -> None:
    made = explanation("a", 1.0, 2.0003, [part("a", 3.0), part("b", -2.0)])

    amounts = [one.contribution for one in made.contributions]
    assert made.base + sum(amounts) == pytest.approx(2.0003, rel=1e-12)
    assert amounts == pytest.approx([3.0 + 0.6 * 0.0003, -2.0 + 0.4 * 0.0003])


def test_the_largest_comes_first_then_the_name_then_the_place() -> None:
    found = [part("b", 1.0), part("a", -1.0, 7), part("a", 1.0, 2), part("c", 2.0)]

    made = explanation("a", 0.0, 3.0, found)

    assert [(one.feature, one.start) for one in made.contributions] == [
        *(("c", None), ("a", 2), ("a", 7), ("b", None)),
    ]


def test_what_adds_nothing_is_left_out() -> None:
    made = explanation("a", 0.5, 1.5, [part("a", 0.0), part("b", 1.0)])

    assert [one.feature for one in made.contributions] == ["b"]


def test_with_nothing_found_the_base_is_all() -> None:
    made = explanation("", 0.5, 0.5 + 1e-9, [])

    assert made.base == made.margin


@pytest.mark.parametrize("margin", [2.5, float("nan"), float("inf")])
def test_contributions_that_do_not_explain_the_score_are_refused(margin: float) -> None:
    with pytest.raises(PlatformError, match=r"score of 'a\.example' miss its log-odds"):
        explanation("a.example", 1.0, margin, [part("a", 1.0)])
