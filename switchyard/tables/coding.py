"""What the inputs of a table are, as training found them, and rows as the numbers a model takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.configuration.names import stored
from switchyard.configuration.tables import Column, Table
from switchyard.errors import DataError
from switchyard.packages.manifest import AnyInput, Category, Number

if TYPE_CHECKING:
    import pandas as pd

Floats: TypeAlias = npt.NDArray[np.float64]
Inputs: TypeAlias = Mapping[str, AnyInput]

RARE = 10
"""Categories of fewer training rows are learnt as 'other', where that is allowed."""

MOST_CATEGORIES = 1_000
"""Of one column; each is a number of every row to a model."""

_CELLS, _FEWEST = 200_000_000, 100
"""So many such numbers a column at the most (1.6 GB), but always so many categories."""


def learn_inputs(train: pd.DataFrame, table: Table) -> dict[str, AnyInput]:
    """The inputs by their own names: bounds and categories are those of the training rows.

    train: a cleaned table. A category that is declared is known though no row has it. DataError for
    a column of more categories than a model can take.
    """
    return {each.name: _learnt(train[stored(each.name)], each) for each in table.inputs}


def coded(columns: Mapping[str, Any], inputs: Inputs) -> Floats:
    """Rows as a matrix (rows, inputs): numbers as they are, a category as its place, NaN for none.

    columns: by their own names, numbers as float64 and categories as text or arrow arrays; of a
    category that is not known, the place after the last where there is an 'other', else NaN.
    """
    parts = [_coded(columns[name], declared) for name, declared in inputs.items()]
    return np.column_stack(parts) if parts else np.empty((0, 0))


def rows_of(frame: pd.DataFrame, inputs: Inputs) -> Floats:
    """The rows of a cleaned table, coded."""
    return coded({name: frame[stored(name)].to_numpy() for name in inputs}, inputs)


def decoded(code: float, declared: AnyInput) -> float | str | None:
    """What a coded value stands for: the number, the category, 'other', or None for missing."""
    if math.isnan(code):
        return None
    if not isinstance(declared, Category):
        return code
    return declared.values[int(code)] if code < len(declared.values) else "other"


def sizes_of(inputs: Inputs) -> tuple[int, ...]:
    """How many places each input has; 0 for a number."""
    return tuple(
        len(each.values) + each.other if isinstance(each, Category) else 0
        for each in inputs.values()
    )


def _learnt(values: pd.Series[Any], column: Column) -> AnyInput:
    if column.type == "number":
        known = values.dropna().to_numpy(np.float64)
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        return Number(
            type="number",
            minimum=low,
            maximum=high,
            missing=column.missing == "allow",
            integer=bool(len(known)) and bool((known == np.floor(known)).all()),
            unit=column.unit,
        )
    return Category(
        type="category",
        values=column.values or _found(values, column),
        missing=column.missing == "allow",
        other=column.unknown == "other",
    )


def _found(values: pd.Series[Any], column: Column) -> tuple[str, ...]:
    """The categories in their order: all of them, or beside an 'other' the most frequent ones."""
    counts = {str(name): int(count) for name, count in values.dropna().value_counts().items()}
    most = min(MOST_CATEGORIES, max(_FEWEST, _CELLS // max(1, len(values))))
    if column.unknown != "other":
        if len(counts) > most:
            raise DataError(
                f"column '{column.name}' has {len(counts):,} categories in {len(values):,} rows, "
                f"at most {most:,} can be learnt; declare 'unknown: other' for it, then the most "
                "frequent ones are; or leave the column out if it names rows"
            )
        return tuple(sorted(counts))
    often = sorted((-count, name) for name, count in counts.items() if count >= RARE)
    return tuple(sorted(name for _, name in often[:most]))


def _coded(values: Any, declared: AnyInput) -> Floats:
    if isinstance(declared, Number):
        return np.asarray(values, np.float64)
    assert isinstance(declared, Category)
    text = pa.array(values, pa.large_string(), from_pandas=True)
    places = pc.index_in(text, pa.array(declared.values, pa.large_string()))
    found = pc.fill_null(pc.cast(places, pa.float64()), np.nan).to_numpy(zero_copy_only=False)
    if declared.other:
        strange = pc.is_valid(text).to_numpy(zero_copy_only=False) & np.isnan(found)
        found = np.where(strange, float(len(declared.values)), found)
    return np.asarray(found, np.float64)
