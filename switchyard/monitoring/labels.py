"""The labels that people gave, read from the prediction store without opening every file again.

{monitoring store}/feedback/{day}-{digest}.parquet     the labels of a day that is over

A service leaves a file of labels each time it flushes; a month has tens of thousands, and each run
wants them all. What a day's files hold is kept in one, named by them: when others come, it is made
again. Nothing is lost with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from switchyard.capture import reading
from switchyard.capture.rows import FEEDBACK_ROWS
from switchyard.capture.stores import FEEDBACK, Store
from switchyard.errors import PlatformError
from switchyard.monitoring.records import MonitoringStore

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "feedback"
FEW = 4
"""So few files are read as quickly as one."""


def given_labels(
    store: MonitoringStore,
    captured: str,
    damaged: reading.Damaged,
    since: datetime | None = None,
    *,
    keep: bool = True,
) -> pa.Table:
    """As `reading.feedback`, of labels from the day of `since` on.

    store: where the labels of days are kept together; keep: False to write nothing.
    """
    source = Store(captured)
    kept = set(store.paths(FOLDER))
    today = datetime.now(UTC).date()
    used: set[str] = set()
    days = []
    for day in source.days(FEEDBACK):
        if since is not None and day < since.date():
            used.update(path for path in kept if path.startswith(f"{FOLDER}/{day}"))
            continue
        names = source.paths(FEEDBACK, day)
        if len(names) <= FEW or day >= today:
            days.append(reading.feedback_of_day(source, day, damaged=damaged))
            continue
        path = _path(day, names)
        used.add(path)
        days.append(_of_day(store, source, day, path, damaged, keep=keep))
    if keep:
        for path in kept - used:
            store.delete(path)
    return reading.last_labels(reading.together([FEEDBACK_ROWS.empty_table(), *days]))


def _of_day(
    store: MonitoringStore,
    source: Store,
    day: date,
    path: str,
    damaged: reading.Damaged,
    *,
    keep: bool,
) -> pa.Table:
    """A day's labels from where they are kept together, else from their files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = store.read(path)
    if content is not None:
        try:
            return pq.read_table(pa.BufferReader(content))
        except pa.ArrowException:
            content = None  # damaged: its files are still there
    errors: list[PlatformError] = []
    labels = reading.feedback_of_day(source, day, damaged=errors.append)
    for error in errors:
        damaged(error)
    if keep and not errors:  # what is damaged is told by every run
        sink = pa.BufferOutputStream()
        pq.write_table(labels, sink, compression="zstd")
        store.write(path, bytes(sink.getvalue()))
    return labels


def _path(day: date, names: Sequence[str]) -> str:
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    return f"{FOLDER}/{day}-{digest[:24]}.parquet"
