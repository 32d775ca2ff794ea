"""A version that predicts numbers is judged by how far they lie from the true ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from switchyard.configuration.loop import Guard
from switchyard.guarding.judging import Errors, GuardVerdict, Labelled, Live, judge
from switchyard.guarding.watching import errors
from switchyard.retraining.archives import schema
from switchyard.tables.plausible import limits
from tests.table_models import REGRESSION

AT = datetime(2026, 9, 7, tzinfo=UTC)
GUARD = Guard()


def measured(mean: float, rows: int, *, seed: int = 0) -> Errors:
    """Absolute errors of so many rows, drawn with this mean."""
    far = np.random.default_rng(seed).exponential(mean, rows)
    return Errors(rows=rows, mean=float(far.mean()), variance=float(far.var(ddof=1)))


def judged(live: Errors, before: Errors, **changes: Any) -> GuardVerdict:
    return judge(Live(labelled=live), before, GUARD.model_copy(update=changes))


def test_errors_that_grow_beyond_their_bound_and_chance_roll_back() -> None:
    found = judged(measured(2.0, 400), measured(1.0, 400, seed=1))
    assert found.roll_back
    assert "mean absolute error" in found.failed[0]
    assert "a growth of 10% is allowed" in found.failed[0]


def test_smaller_errors_and_small_growth_stay() -> None:
    assert not judged(measured(1.0, 400), measured(2.0, 400, seed=1)).roll_back
    assert not judged(measured(1.05, 100_000), measured(1.0, 100_000, seed=1)).roll_back


def test_growth_that_chance_explains_is_told_and_stays() -> None:
    live = Errors(rows=50, mean=1.3, variance=1.0)
    found = judged(live, Errors(rows=50, mean=1.0, variance=1.0))
    assert not found.roll_back
    assert any("but within chance" in each for each in found.seen)


def test_the_bound_is_a_share_of_the_error_before() -> None:
    live, before = measured(1.5, 5_000), measured(1.0, 5_000, seed=1)
    assert judged(live, before, max_error_growth=0.2).roll_back
    assert not judged(live, before, max_error_growth=0.6).roll_back


@pytest.mark.parametrize(("live", "before"), [(49, 1_000), (1_000, 49), (0, 0), (1, 1_000)])
def test_few_labels_tell_nothing(live: int, before: int) -> None:
    few = [
        Errors(rows=rows, mean=mean, variance=0.0) for rows, mean in ((live, 9.0), (before, 1.0))
    ]
    found = judged(*few)
    assert not found.roll_back
    assert any("50 are needed" in each for each in found.seen)


def test_one_label_is_never_enough() -> None:
    one = Errors(rows=1, mean=9.0)
    assert not judged(one, Errors(rows=1, mean=1.0), min_labelled=1).roll_back


def test_errors_without_any_spread_are_judged_as_they_are() -> None:
    same = Errors(rows=60, mean=2.0, variance=0.0)
    assert judged(same, Errors(rows=60, mean=1.0, variance=0.0)).roll_back
    assert not judged(same, same).roll_back


def test_of_versions_that_are_equally_good_few_are_taken_back_in_a_day() -> None:
    """Each run looks anew, at five labels more; the errors have a long tail."""
    random = np.random.default_rng(3)
    back = 0
    for _ in range(200):
        old, new = random.exponential(1.0, 400), random.exponential(1.0, 480)
        before = Errors(rows=400, mean=float(old.mean()), variance=float(old.var(ddof=1)))
        for run in range(10, 97, 4):
            far = new[: 5 * run]
            live = Errors(rows=len(far), mean=float(far.mean()), variance=float(far.var(ddof=1)))
            if judged(live, before).roll_back:
                back += 1
                break
    assert back <= 2


def archived(*rows: tuple[str, int, float | None, str | None]) -> pa.Table:
    """Of (version, hours after AT, predicted, true)."""
    return pa.Table.from_pylist(
        [
            {
                "request_id": f"{place}",
                "instance": 0,
                "time": AT + timedelta(hours=hours),
                "score": score,
                "model_version": version,
                "label": label,
            }
            for place, (version, hours, score, label) in enumerate(rows)
        ],
        schema(REGRESSION),
    )


def test_errors_are_those_of_a_version_and_its_time() -> None:
    rows = archived(
        ("1", 0, 10.0, "12"), ("2", 1, 10.0, "11.0"), ("2", 2, 20.0, "17"), ("2", 9, 0.0, "99")
    )
    found = errors(rows, "2", AT, AT + timedelta(hours=5))
    assert (found.rows, found.mean, found.variance) == (2, 2.0, 2.0)
    assert errors(rows, "1") == Errors(rows=1, mean=2.0)
    assert errors(rows, "7") == Errors()


def test_labels_that_are_no_number_are_skipped_and_counted() -> None:
    rows = archived(("2", 1, 10.0, "11"), ("2", 1, 10.0, "much"), ("2", 1, None, "3"))
    found = errors(rows, "2")
    assert (found.rows, found.skipped) == (1, 2)
    assert "2 that are no numbers, or cannot be true, were skipped" in found.known


@pytest.mark.parametrize("label", ["1e200", "-1e308", "1e150"])
def test_a_label_beyond_all_bounds_breaks_no_run(label: str) -> None:
    found = errors(archived(("2", 1, 10.0, "11"), ("2", 1, 10.0, "13"), ("2", 1, 0.0, label)), "2")
    assert (found.rows, found.mean, found.skipped) == (2, 2.0, 1)


def test_labels_beyond_what_is_plausible_are_skipped_and_the_others_count_for_a_range() -> None:
    truths = limits(0.0, 20.0)
    rows = archived(("2", 1, 10.0, "11"), ("2", 1, 10.0, "200"), ("2", 1, 10.0, "1e6"))
    found = errors(rows, "2", truths=truths)
    assert (found.rows, found.mean, found.skipped) == (2, 10.5, 1)


@pytest.mark.parametrize("label", ["1e6", "190"])
def test_one_label_does_not_hide_a_model_that_is_five_times_worse(label: str) -> None:
    random = np.random.default_rng(5)
    good = [("1", -1, 10.0, str(10.0 + each)) for each in random.normal(0, 0.4, 200)]
    bad = [("2", 1, 10.0, str(10.0 + each)) for each in random.normal(0, 2.0, 200)]
    rows = archived(*good, *bad, ("2", 1, 10.0, label))
    truths = limits(0.0, 20.0)
    assert judged(errors(rows, "2", truths=truths), errors(rows, "1", truths=truths)).roll_back


def test_decisions_are_judged_as_before() -> None:
    right, wrong = Labelled(rows=1_000, right=950), Labelled(rows=200, right=100)
    assert judge(Live(labelled=wrong), right, GUARD).roll_back
