"""What reached the store after its window was judged: rows that were kept back, and labels.

{store}/seen.json     what was there when it was last looked for; without it all is counted again
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, ValidationError

from switchyard.capture import reading
from switchyard.capture.request_ids import time_of
from switchyard.capture.stores import PREDICTIONS, Store
from switchyard.monitoring.records import MonitoringStore
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.windows import name_of
from switchyard.records import Record

if TYPE_CHECKING:
    import pyarrow as pa

SEEN = "seen.json"

logger = logging.getLogger(__name__)


_DAY_S = 86_400.0
LATE_S = 2 * _DAY_S
"""What ended longer ago is looked for the more seldom the longer that is: rows may come late."""

_PATIENCE = 0.1


class Seen(Record):
    """files: of predictions, by day; labels: by the name of the window that they are about.

    looked: when the files of a day were counted; first: when the oldest prediction was made, when
    its day had so many files.
    """

    files: dict[str, int] = Field(default={})
    labels: dict[str, int] = Field(default={})
    looked: dict[str, datetime] = Field(default={})
    first: datetime | None = None
    first_files: int = 0

    @classmethod
    def of(cls, store: MonitoringStore) -> Seen:
        """What the last run has noted; nothing where the note is missing or damaged."""
        try:
            return cls.model_validate_json(store.read(SEEN) or b"{}")
        except ValidationError as cause:
            logger.warning(
                "'%s' of '%s' is damaged and does not count: %s", SEEN, store.shown, cause
            )
            return cls()

    def keep(self, store: MonitoringStore) -> None:
        store.write(SEEN, self.model_dump_json().encode())


def files_of(captured: str, verdicts: Iterable[Verdict], before: Seen, now: datetime) -> Seen:
    """How many files of predictions there are of each day of these windows, and since when known.

    before: of the last run. A month of many services has hundreds of thousands of names: a day that
    has long been over is counted again when a tenth of its age has passed since the last time.
    """
    store = Store(captured)
    wanted = {day for verdict in verdicts for day in _days(verdict)}
    files, looked = {}, {}
    for day in sorted(wanted.intersection(store.days(PREDICTIONS))):
        name = day.isoformat()
        last = before.looked.get(name)
        age_s = (now - _begin(day)).total_seconds() - _DAY_S
        since_s = (now - last).total_seconds() if last is not None else -1.0
        if name in before.files and age_s > LATE_S and 0 <= since_s < _PATIENCE * age_s:
            files[name], looked[name] = before.files[name], last or now
        else:
            files[name], looked[name] = len(store.paths(PREDICTIONS, day)), now
    return Seen(files=files, looked=looked)


def first_time(
    captured: str, before: Seen, oldest: datetime, damaged: reading.Damaged
) -> tuple[datetime | None, int]:
    """When the oldest prediction was made, and how many files its day has.

    Of a day that was over at `oldest` the begin will do. What the last run has found holds as long
    as the day has the same files.
    """
    store = Store(captured)
    days = store.days(PREDICTIONS)
    if not days:
        return None, 0
    if _begin(days[0]) + timedelta(days=1) <= oldest:
        return _begin(days[0]), 0
    files = len(store.paths(PREDICTIONS, days[0]))
    if before.first is not None and before.first.date() == days[0] and before.first_files == files:
        return before.first, files
    return reading.first_time(captured, damaged=damaged), files


def with_more_rows(
    captured: str,
    verdicts: Sequence[Verdict],
    files: Mapping[str, int],
    seen: Mapping[str, int],
    damaged: reading.Damaged,
) -> list[Verdict]:
    """The verdicts that are of fewer rows than the store has of their windows by now.

    files, seen: of each day, now and when it was last counted. Rows are counted of days that have
    other files than then, by their times alone.
    """
    changed = {day for day, count in files.items() if seen.get(day) != count}
    by_day: dict[date, list[Verdict]] = {}
    for verdict in verdicts:
        if any(day.isoformat() in changed for day in _days(verdict)):
            by_day.setdefault(verdict.since.date(), []).append(verdict)
    found = []
    for group in by_day.values():
        since, until = min(each.since for each in group), max(each.until for each in group)
        rows = reading.predictions(captured, since, until, columns=("time",), damaged=damaged)
        times = np.sort(rows["time"].to_numpy().astype("datetime64[us]").astype(np.int64))
        found += [each for each in group if _within(times, each) > each.rows]
    return found


def labels_of(given: pa.Table, verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many labels there are of each window, by its name. given: the labels of the store."""
    if not verdicts:
        return {}
    ids = given["request_id"].to_pylist()
    times = np.sort(np.array([time_of(each.encode()) for each in ids], np.int64))
    return {name_of(each.since): _within(times, each) for each in verdicts}


def _within(times: np.ndarray[tuple[int], np.dtype[np.int64]], verdict: Verdict) -> int:
    """How many times, sorted microseconds since 1970, are of a window."""
    bounds = [_microseconds(verdict.since), _microseconds(verdict.until)]
    first, last = np.searchsorted(times, bounds)
    return int(last - first)


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


def _begin(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)


def _days(verdict: Verdict) -> list[date]:
    """The days that a window has a part of."""
    first, last = verdict.since.date(), (verdict.until - timedelta.resolution).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
