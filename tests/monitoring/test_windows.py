from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from switchyard.configuration.loop import Monitoring
from switchyard.errors import RequestError
from switchyard.monitoring.windows import Window, complete_windows

DAILY = Monitoring(window_h=24, lag_s=120, max_windows=5)
START = datetime(2026, 9, 7, 13, tzinfo=UTC)


def days(found: list[Window]) -> list[tuple[int, bool]]:
    return [(window.since.day, window.provisional) for window in found]


def test_windows_are_aligned_to_the_clock_and_the_open_one_comes_last() -> None:
    now = datetime(2026, 9, 9, 8, tzinfo=UTC)
    found = complete_windows(now, START, (), DAILY)
    assert days(found) == [(7, False), (8, False), (9, True)]
    assert all(window.until - window.since == timedelta(days=1) for window in found)
    assert all(window.since.hour == 0 for window in found)


def test_a_window_is_complete_only_after_the_lag() -> None:
    midnight = datetime(2026, 9, 8, tzinfo=UTC)
    early = complete_windows(midnight + timedelta(seconds=119), START, (), DAILY)
    late = complete_windows(midnight + timedelta(seconds=120), START, (), DAILY)
    assert days(early) == [(7, True), (8, True)]
    assert days(late) == [(7, False), (8, True)]


def test_what_has_a_record_is_not_looked_at_again() -> None:
    now = datetime(2026, 9, 9, 8, tzinfo=UTC)
    known = {datetime(2026, 9, 7, tzinfo=UTC)}
    assert days(complete_windows(now, START, known, DAILY)) == [(8, False), (9, True)]


def test_after_a_long_pause_only_the_last_windows_are_caught_up_with() -> None:
    now = datetime(2026, 9, 20, 8, tzinfo=UTC)
    found = complete_windows(now, START, (), DAILY)
    assert days(found) == [
        (15, False),
        (16, False),
        (17, False),
        (18, False),
        (19, False),
        (20, True),
    ]


def test_a_clock_set_back_makes_no_window_twice() -> None:
    late, early = (datetime(2026, 9, day, 8, tzinfo=UTC) for day in (10, 8))
    first = complete_windows(late, START, (), DAILY)
    known = {window.since for window in first if not window.provisional}
    assert days(complete_windows(early, START, known, DAILY)) == [(8, True)]
    assert days(complete_windows(late, START, known, DAILY)) == [(10, True)]


def test_rows_of_the_future_wait_for_their_time() -> None:
    now = START - timedelta(days=3)
    assert complete_windows(now, START, (), DAILY) == []


def test_without_rows_there_is_nothing_to_look_at() -> None:
    assert complete_windows(START, None, (), DAILY) == []


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(RequestError, match="no time zone"):
        complete_windows(datetime(2026, 9, 9), START, (), DAILY)
