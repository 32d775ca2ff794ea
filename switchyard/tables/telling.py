"""What a cleaned table holds, column by column, and what is odd about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from switchyard.configuration.model import Definition
from switchyard.configuration.names import stored
from switchyard.configuration.tables import Column
from switchyard.configuration.tasks import TASKS
from switchyard.records import Record

SUSPICIOUS = 0.98
"""An input that tells so much of the target by itself may know it."""

_MOST = 200
"""Of more columns only so many are looked at for suspicious power."""

Floats = npt.NDArray[np.float64]


class Numbers(Record):
    """Where the numbers of a column lie; None for a column without any."""

    minimum: float | None
    median: float | None
    mean: float | None
    maximum: float | None


class ColumnCard(Record):
    """One column. values: how many rows have each category, the most frequent first."""

    name: str
    type: str
    missing: int
    distinct: int
    numbers: Numbers | None = None
    values: Mapping[str, int] | None = None
    unit: str = ""


def column_cards(frame: pd.DataFrame, definition: Definition) -> tuple[ColumnCard, ...]:
    """The inputs of a cleaned table, in their order."""
    assert definition.table is not None
    return tuple(_card(frame[stored(each.name)], each) for each in definition.table.inputs)


def numbers_of(values: pd.Series[Any]) -> Numbers:
    """Where the numbers lie, missing ones left out."""
    known = values.dropna()
    if known.empty:
        return Numbers(minimum=None, median=None, mean=None, maximum=None)
    return Numbers(
        minimum=float(known.min()),
        median=float(known.median()),
        mean=float(known.mean()),
        maximum=float(known.max()),
    )


def oddities(frame: pd.DataFrame, definition: Definition) -> tuple[str, ...]:
    """What a person should look at: columns that say nothing, and those that say too much."""
    assert definition.table is not None
    found = []
    target = frame["label"].to_numpy(np.float64)
    numbers = TASKS[definition.task].numbers
    for number, column in enumerate(definition.table.inputs):
        values = frame[stored(column.name)]
        if values.nunique(dropna=False) < 2:
            found.append(f"'{column.name}' has one value in every row: no model can learn from it")
        elif number < _MOST:
            power = power_of(values, target)
            if power > SUSPICIOUS:
                told = "R²" if numbers else "R² of the classes"
                found.append(
                    f"'{column.name}' alone tells the target almost wholly ({told} {power:.3f}): "
                    "is it known before the target is?"
                )
    if definition.table is not None and len(definition.table.inputs) > _MOST:
        found.append(f"only the first {_MOST} columns were looked at for suspicious power")
    return tuple(found)


def _card(values: pd.Series[Any], column: Column) -> ColumnCard:
    missing, distinct = int(values.isna().sum()), int(values.nunique())
    if column.type == "number":
        return ColumnCard(
            name=column.name,
            type=column.type,
            missing=missing,
            distinct=distinct,
            numbers=numbers_of(values),
            unit=column.unit,
        )
    counts = values.value_counts().head(50)
    return ColumnCard(
        name=column.name,
        type=column.type,
        missing=missing,
        distinct=distinct,
        values={str(name): int(count) for name, count in counts.items()},
    )


def power_of(values: pd.Series[Any], target: Floats) -> float:
    """The share of the target's variance that this column explains, in bins or categories."""
    most = len(target) // 5  # of more, each row would explain itself
    if values.dtype == np.float64:
        bins = max(1, min(50, most - 1))  # one more is that of the missing ones
        keys = pd.qcut(values, bins, labels=False, duplicates="drop").fillna(-1)
    else:
        keys = values.astype(object).where(values.notna(), "")
    if keys.nunique() > most:
        return 0.0
    means = pd.Series(target).groupby(keys.to_numpy()).transform("mean").to_numpy()
    total = float(((target - target.mean()) ** 2).sum())
    return 1.0 - float(((target - means) ** 2).sum()) / total if total > 0 else 0.0
