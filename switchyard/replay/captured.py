"""Replayed rows as the prediction store would hold them: what was asked, answered and told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.configuration.model import Labels

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def captured(
    rows: pd.DataFrame,
    scores: Any,
    threshold: float,
    version: str,
    since: datetime,
    until: datetime,
    labels: Labels,
) -> pa.Table:
    """A table as `switchyard.capture.reading.labelled` returns it, a row each row.

    rows: with `url` and `label`, 0 or 1, which `labels` has the words for; scores: of the positive
    class. The requests come evenly over since <= time < until, in the order of the rows.
    """
    import pyarrow as pa

    from switchyard.capture.rows import TIME

    values = np.asarray(scores, np.float64)
    named = np.asarray([labels.negative, labels.positive], dtype=object)
    count = len(rows)
    start, length = int(since.timestamp() * 1e6), (until - since) / timedelta(microseconds=1)
    times = start + (np.arange(count) * (length / max(1, count))).astype(np.int64)
    return pa.table(
        {
            "request_id": pa.array([f"replay-{version}-{start}-{row}" for row in range(count)]),
            "instance": pa.array(np.zeros(count, np.int32)),
            "time": pa.array(times, TIME),
            "url": pa.array(rows["url"], pa.string(), from_pandas=True),
            "label": pa.array(named[(values >= threshold).astype(int)], pa.string()),
            "score": values,
            "threshold": np.full(count, threshold),
            "model_version": pa.array([version] * count, pa.string()),
            "true_label": pa.array(named[rows["label"].to_numpy().astype(int)], pa.string()),
        }
    )


def span(month: str) -> tuple[datetime, datetime]:
    """When the month "YYYY-MM" begins and ends, in UTC."""
    year, number = (int(part) for part in month.split("-"))
    since = datetime(year, number, 1, tzinfo=UTC)
    return since, datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
