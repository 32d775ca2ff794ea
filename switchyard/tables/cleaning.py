"""Cleaning a table: typed columns, no whole row twice; each cell that is wrong is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.configuration.model import Data, Definition
from switchyard.configuration.names import stored
from switchyard.configuration.tables import Table
from switchyard.configuration.tasks import TASKS
from switchyard.data.ages import seen_lately
from switchyard.data.cleaning import Cleaned, check_classes, label_reasons, read_labels
from switchyard.data.reading import RawFrame
from switchyard.data.rows import REJECTS, SHOWN
from switchyard.errors import DataError
from switchyard.tables.casting import HUGE, Fault, as_text, categories, numbers, told

MIN_ROWS = 40
"""Fewer rows cannot be learnt from, nor judged by."""

_NAMED = 100


def clean_table(raw: RawFrame, data: Data, definition: Definition) -> Cleaned:
    """The rows fit for training: inputs by their stored names, label, source, first_seen, group.

    A number is float64, a category text, what is missing NaN or None. The label is float64 of a
    regression, else int8. A row with a wrong cell is rejected; of equal rows the first stays.
    DataError if too many rows are rejected, naming their cells, or too few are left.
    """
    table = definition.table
    assert table is not None  # the configuration sees to it
    columns: dict[str, Any] = {}
    faults: list[tuple[Fault, pa.Array]] = []
    for column in table.inputs:
        text = as_text(raw.rows[stored(column.name)])
        if column.type == "number":
            values, found = numbers(
                text,
                column.name,
                minimum=column.minimum,
                maximum=column.maximum,
                missing=column.missing == "allow",
                most=HUGE,
            )
        else:
            values, found = categories(text, column)
        columns[stored(column.name)] = values
        faults += [(fault, text) for fault in found]
    label, found, text = _target(raw, definition)
    faults += [(fault, text) for fault in found]
    wrong = np.zeros(raw.rows.num_rows, bool)
    for fault, _ in faults:
        wrong[fault.rows] = True
    _check_share(raw, faults, int(wrong.sum()) + raw.rejects.num_rows, data)
    rejects = pa.concat_tables([raw.rejects, _cells(raw, faults)]).combine_chunks()

    frame = pd.DataFrame(
        {
            **{name: _plain(values) for name, values in columns.items()},
            "label": label,
            "source": raw.rows["source"].combine_chunks().to_pandas(),
            "first_seen": raw.rows["first_seen"]
            .combine_chunks()
            .cast(pa.large_string())
            .to_pandas(),
        }
    )
    inputs = list(columns)
    frame["group"] = _groups(frame[inputs], raw, table)
    frame = frame[~wrong]
    months = pa.array(frame["first_seen"].astype(object), pa.string(), from_pandas=True)
    classes = np.zeros(len(frame)) if TASKS[definition.task].numbers else frame["label"].to_numpy()
    kept = seen_lately(months.dictionary_encode(), classes, data.keep_months)
    outdated = len(frame) - len(kept)
    frame = frame.iloc[kept]
    repeated = frame.duplicated([*inputs, "label"]).to_numpy()
    counts = {
        "read": len(raw),
        "rejected": int(wrong.sum()) + raw.rejects.num_rows,
        "duplicates": int(repeated.sum()),
        "contradictions": 0,
        "outdated": outdated,
    }
    if data.drop_duplicates:
        frame = frame[~repeated]
    frame = frame.reset_index(drop=True)
    counts["rows"] = len(frame)
    _check_rows(frame, definition)
    frame["source"] = frame["source"].cat.remove_unused_categories()
    return Cleaned(frame, rejects.to_pandas(), counts, data.drop_duplicates)


def _target(
    raw: RawFrame, definition: Definition
) -> tuple[npt.NDArray[Any], list[Fault], pa.Array]:
    target = definition.target
    assert target is not None
    if TASKS[definition.task].numbers:
        text = as_text(raw.rows["label"])
        values, faults = numbers(
            text, target.column, minimum=target.minimum, maximum=target.maximum, most=HUGE
        )
        return values, faults, text
    label, words = read_labels(raw.rows["label"], definition.labels)
    reasons = label_reasons(label, words)
    wrong = pc.indices_nonzero(reasons.is_valid()).to_numpy()
    text = as_text(raw.rows["label"])
    known = f"is neither '{definition.labels.positive}' nor '{definition.labels.negative}'"
    return label, [Fault(target.column, wrong, known)] if len(wrong) else [], text


def _plain(values: Any) -> Any:
    return values.to_pandas() if isinstance(values, pa.Array) else values


def _cells(
    raw: RawFrame, faults: Sequence[tuple[Fault, pa.Array]], most: int | None = None
) -> pa.Table:
    """A row of rejects for each wrong cell, or for the first `most`, in the order of the rows."""
    places = np.concatenate([np.empty(0, np.intp), *(fault.rows for fault, _ in faults)])
    which = np.repeat(np.arange(len(faults)), [len(fault.rows) for fault, _ in faults])
    order = np.argsort(places, kind="stable")[:most]
    none = pa.array([], pa.large_string())
    texts, reasons = [none], [none]
    chosen: list[npt.NDArray[np.intp]] = [np.empty(0, np.intp)]
    for at, (fault, text) in enumerate(faults):
        mine = np.flatnonzero(which[order] == at)
        if len(mine):
            chosen.append(mine)
            written = text.take(pa.array(places[order][mine]))
            texts.append(pc.utf8_slice_codeunits(written, 0, SHOWN))
            reasons.append(told(fault, written))
    back = pa.array(np.argsort(np.concatenate(chosen)))
    taken = raw.rows.select(["row", "source"]).take(pa.array(places[order]))
    return pa.table(
        {
            "row": taken["row"],
            "source": taken["source"].cast(pa.large_string()),
            "url": pa.concat_arrays(texts).take(back),
            "reason": pa.concat_arrays(reasons).take(back),
        }
    ).cast(REJECTS)


def _check_share(
    raw: RawFrame, faults: Sequence[tuple[Fault, pa.Array]], rejected: int, data: Data
) -> None:
    """Before all wrong cells are told, for of a wrong file there may be one a cell."""
    read = len(raw)
    if read == 0:
        raise DataError("the sources hold no rows; give at least one file with rows")
    if rejected <= data.max_reject_share * read:
        return
    count = raw.rejects.num_rows + sum(len(fault.rows) for fault, _ in faults)
    first = pa.concat_tables([raw.rejects.slice(0, _NAMED), _cells(raw, faults, _NAMED)])
    several = len(data.sources) > 1
    cells = [
        f"row {each['row']}{' of ' + each['source'] if several else ''}: {each['reason']}"
        for each in first.slice(0, _NAMED).to_pylist()
    ]
    more = f"; and {count - _NAMED:,} more" if count > _NAMED else ""
    raise DataError(
        f"{rejected:,} of {read:,} rows are rejected ({rejected / read:.1%}, at most "
        f"{data.max_reject_share:.1%} is allowed), for {count:,} cells: "
        f"{'; '.join(cells)}{more}. Mend the file; or declare other bounds, categories or "
        "'missing: allow' in table: inputs; or, if these rows may be left out, raise "
        "data.max_reject_share"
    )


def _check_rows(frame: pd.DataFrame, definition: Definition) -> None:
    if not TASKS[definition.task].numbers:
        check_classes(frame["label"].to_numpy(), definition.labels)
        return
    if len(frame) < MIN_ROWS:
        raise DataError(
            f"{len(frame):,} rows are too few to learn from, after cleaning; at least {MIN_ROWS} "
            "are needed"
        )
    values = frame["label"]
    if values.nunique() < 2:
        raise DataError(
            f"the target '{definition.target and definition.target.column}' is {values.iloc[0]:g} "
            "in every row: there is nothing to predict"
        )


def _groups(inputs: pd.DataFrame, raw: RawFrame, table: Table) -> npt.NDArray[np.object_]:
    """What keeps rows on one side: the values of the key columns, or of all inputs."""
    keys = {name: as_text(raw.rows[stored(name)]).to_pandas() for name in table.group}
    # In the order of their names: that of the configuration must not draw another holdout.
    keyed = pd.DataFrame(keys) if keys else inputs
    hashed = pd.util.hash_pandas_object(keyed[sorted(map(str, keyed))], index=False)
    return np.array([f"{value:016x}" for value in hashed.to_numpy()], dtype=object)
