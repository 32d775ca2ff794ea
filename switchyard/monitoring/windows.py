"""Windows of time: aligned to the clock, so that every run and every machine means the same."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from switchyard.configuration.loop import Monitoring
from switchyard.errors import RequestError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Window(NamedTuple):
    """since <= time < until; provisional: it is not over."""

    since: datetime
    until: datetime
    provisional: bool = False

    @property
    def name(self) -> str:
        """How its record is called."""
        return name_of(self.since)


def name_of(since: datetime) -> str:
    """How the record of a window that begins at `since` is called."""
    return f"{since.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def since_of(name: str) -> datetime | None:
    """When the window of that record begins; None for a name that is no window's."""
    try:
        return datetime.strptime(name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def complete_windows(
    now: datetime,
    first_row_time: datetime | None,
    known: Collection[datetime],
    monitoring: Monitoring,
) -> list[Window]:
    """The complete windows that have no record, oldest first, then what is not complete.

    first_row_time: of the oldest captured row; without rows there are no windows. known: the
    beginnings of windows that have a record. Only the last `max_windows` complete ones are looked
    at. RequestError for a time without a zone.
    """
    if now.tzinfo is None:
        raise RequestError(f"now: {now.isoformat()} has no time zone; add one, such as UTC")
    if first_row_time is None:
        return []
    length = timedelta(hours=monitoring.window_h)
    lag = timedelta(seconds=monitoring.lag_s)
    last = (now - lag - EPOCH) // length  # the number of the first window that is not complete
    first = max((first_row_time - EPOCH) // length, last - monitoring.max_windows)
    windows = [window_at(number, length) for number in range(first, last)]
    missing = [window for window in windows if window.since not in known]
    numbers = range(max(first, last), (now - EPOCH) // length + 1)
    return missing + [window_at(number, length)._replace(provisional=True) for number in numbers]


def window_at(number: int, length: timedelta) -> Window:
    """The window of this number, counted from 1970."""
    return Window(EPOCH + number * length, EPOCH + (number + 1) * length)
