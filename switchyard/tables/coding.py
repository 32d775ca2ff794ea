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
from switchyard.packages.manifest import AnyInput, Category, Number

if TYPE_CHECKING:
    import pandas as pd

Floats: TypeAlias = npt.NDArray[np.float64]
Inputs: TypeAlias = Mapping[str, AnyInput]

RARE = 10
"""Categories of fewer training rows are learnt as 'other', where that is allowed."""


def learn_inputs(train: pd.DataFrame, table: Table) -> dict[str, AnyInput]:
    """The inputs by their own names: bounds and categories are those of the training rows.

    train: a cleaned table. A category that is declared is known though no row has it.
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
    counts = values.dropna().value_counts()
    other = column.unknown == "other"
    found = [str(name) for name, count in counts.items() if not other or count >= RARE]
    return Category(
        type="category",
        values=column.values or tuple(sorted(found)),
        missing=column.missing == "allow",
        other=other,
    )


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
