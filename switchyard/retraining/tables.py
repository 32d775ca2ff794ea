"""Archived rows of a table: which of them training takes, and how it gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from switchyard.configuration.model import Definition
from switchyard.configuration.names import stored
from switchyard.configuration.tables import Table
from switchyard.configuration.tasks import TASKS
from switchyard.tables.casting import HUGE, as_text, categories, numbers
from switchyard.tables.plausible import Limits, Plausible

if TYPE_CHECKING:
    import pyarrow as pa

Mask = npt.NDArray[np.bool_]

_UNKNOWN = Plausible()


def sound_rows(rows: pa.Table, definition: Definition, plausible: Plausible = _UNKNOWN) -> Mask:
    """Which archived rows pass the checks of `switchyard.tables.cleaning`, cell by cell.

    plausible: of the champion; where a column has no bounds, its numbers are held to that. Nobody
    who may call the service can widen the trained range far.
    """
    table = definition.table
    assert table is not None  # the caller sees to it
    sound = _known_labels(rows, definition, plausible.target)
    for column in table.inputs:
        text = as_text(rows[stored(column.name)])
        if column.type == "category":
            faults = categories(text, column)[1]
        else:
            held = plausible.inputs.get(column.name)
            low, high = _bounds(column.minimum, column.maximum, held)
            faults = numbers(
                text,
                column.name,
                minimum=low,
                maximum=high,
                missing=column.missing == "allow",
                most=HUGE,
            )[1]
        for fault in faults:
            sound[fault.rows] = False
    return sound


def input_columns(rows: pa.Table, table: Table) -> dict[str, Any]:
    """The columns of a snapshot by their stored names: inputs, and what rows are grouped by.

    A key that is no input is not captured: rows with equal inputs get one of their own, so that
    they stay on one side of the split.
    """
    import pandas as pd
    import pyarrow as pa

    inputs = {stored(each.name): rows[stored(each.name)] for each in table.inputs}
    keys = [stored(name) for name in table.group if stored(name) not in inputs]
    if not keys:
        return inputs
    hashed = pd.util.hash_pandas_object(pa.table(inputs).to_pandas(), index=False)
    made = pa.array([f"feedback {value:016x}" for value in hashed], pa.string())
    return inputs | dict.fromkeys(keys, made)


def _bounds(
    minimum: float | None, maximum: float | None, held: Limits | None
) -> tuple[float | None, float | None]:
    """Bounds that people have set, or else those that are plausible."""
    if held is None:
        return minimum, maximum
    return held.low if minimum is None else minimum, held.high if maximum is None else maximum


def _known_labels(rows: pa.Table, definition: Definition, held: Limits | None) -> Mask:
    """Whether a label is a number within the target's bounds, or one of the two words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    target, labels = definition.target, definition.labels
    text = as_text(rows["label"])
    if not TASKS[definition.task].numbers or target is None:
        known = pc.is_in(text, pa.array([labels.positive, labels.negative], text.type))
        return np.array(known.to_numpy(zero_copy_only=False), np.bool_)
    sound = np.ones(rows.num_rows, np.bool_)
    low, high = _bounds(target.minimum, target.maximum, held)
    for fault in numbers(text, target.column, minimum=low, maximum=high)[1]:
        sound[fault.rows] = False
    return sound
