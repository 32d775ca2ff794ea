"""What a retraining learns from, beside the data before: archived feedback as a source.

{monitoring store}/snapshots/{sha256}.parquet
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from switchyard.configuration.model import Data, Definition, Source
from switchyard.data.notices import FEEDBACK, RECENT_FEEDBACK
from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining.archives import to_parquet
from switchyard.tables.plausible import Plausible

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "snapshots"
_TEXTS = Definition()


def learnable(
    rows: pa.Table, data: Data, definition: Definition, plausible: Plausible | None = None
) -> pa.Table:
    """The archived rows that can be learnt from.

    What training would reject is left out here, by the same checks: callers of the service must not
    be able to make a retraining fail. plausible: of the champion, for the numbers of a table.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if definition.table is not None:
        from switchyard.retraining.tables import sound_rows

        return rows.filter(pa.array(sound_rows(rows, definition, plausible or Plausible())))
    from switchyard.urls.problems import problems

    labels = definition.labels
    known = pc.is_in(rows["label"], pa.array([labels.positive, labels.negative]))
    rows = rows.filter(known)
    return rows.filter(pc.is_null(problems(rows["url"], data.max_url_length)))


def training_rows(
    rows: pa.Table, recent_since: datetime | None, definition: Definition = _TEXTS
) -> pa.Table:
    """Archived rows as a table of the inputs by their stored names, label, source, first_seen.

    Rows of requests from `recent_since` on are told apart by their source: the gain of a challenger
    is measured on them.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    source: Any = pa.array([FEEDBACK] * rows.num_rows, pa.string())
    if recent_since is not None and rows.num_rows:
        recent = pc.greater_equal(rows["time"], pa.scalar(recent_since, rows["time"].type))
        source = pc.if_else(recent, RECENT_FEEDBACK, FEEDBACK)
    inputs: dict[str, Any] = {"url": rows["url"]} if definition.table is None else {}
    if definition.table is not None:
        from switchyard.retraining.tables import input_columns

        inputs = input_columns(rows, definition.table)
    return pa.table(
        {
            **inputs,
            "label": rows["label"],
            "source": source,
            "first_seen": pc.strftime(rows["time"], format="%Y-%m"),
        }
    )


def snapshot(
    store: MonitoringStore,
    rows: pa.Table,
    recent_since: datetime | None,
    definition: Definition = _TEXTS,
) -> Source:
    """Write `training_rows` and return them as a source.

    Named by its content, so that training on the same rows again finds its finished steps.
    """
    content = to_parquet(training_rows(rows, recent_since, definition))
    digest = hashlib.sha256(content).hexdigest()
    path = f"{FOLDER}/{digest}.parquet"
    if store.read(path) != content:
        store.write(path, content)
    folder = store.folder
    location = str(folder / path) if folder else f"{store.location.rstrip('/')}/{path}"
    return Source(location=location, sha256=digest, layout="table", name=FEEDBACK)
