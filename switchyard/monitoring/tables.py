"""Rows of a table as columns of numbers, the form in which their drift can be measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from switchyard.monitoring.inputs import Columns
from switchyard.packages.manifest import AnyInput, Category, Number

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Inputs = Mapping[str, AnyInput]
Values = npt.NDArray[np.floating[Any]]

_FINE = 1e-4
"""Of a trained range: where single precision is coarser, as of times in seconds, it is double."""


@dataclass(frozen=True)
class Described:
    """columns: by stored names, a number as it is, a category as its place, NaN for none.

    A category that was not trained has the place after the last. unreadable: column → cells that
    hold something else than they must; they count as missing.
    """

    columns: Columns
    unreadable: dict[str, int] = field(default_factory=dict)

    def take(self, rows: Any) -> Columns:
        """The columns of some rows."""
        return {name: values[rows] for name, values in self.columns.items()}


def coded_columns(frame: pd.DataFrame, inputs: Inputs) -> Columns:
    """The inputs of a cleaned table, by their stored names."""
    import pyarrow as pa

    arrays = {name: pa.array(frame[name], from_pandas=True) for name in inputs}
    return describe_table(pa.table(arrays), inputs).columns


def describe_table(rows: pa.Table, inputs: Inputs) -> Described:
    """The inputs of captured rows, which have all of these columns.

    inputs: by the names under which columns are stored.
    """
    columns: Columns = {}
    unreadable: dict[str, int] = {}
    for name, declared in inputs.items():
        columns[name], strange = _read(rows[name], declared)
        if strange:
            unreadable[name] = strange
    return Described(columns, unreadable)


def words_of_places(declared: Category) -> list[str]:
    """What the places of a category are called in reports."""
    return [*declared.values, "(not trained)"]


def _read(column: Any, declared: AnyInput) -> tuple[Values, int]:
    """A column's values, and how many cells hold something else than they must."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        return (
            _numbers(column, declared)
            if isinstance(declared, Number)
            else _places(column, declared)
        )
    except pa.ArrowException:  # bytes that are no text, lists
        return np.full(len(column), np.nan, np.float32), len(column) - column.null_count


def _numbers(column: Any, declared: Number) -> tuple[Values, int]:
    import pyarrow as pa

    from switchyard.tables.casting import as_text, numbers

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        exact, faults = numbers(as_text(column), "", missing=True)
        strange = sum(len(fault.rows) for fault in faults)
    else:
        exact = np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)
        strange = int(np.isinf(exact).sum())
    with np.errstate(over="ignore"):
        values: Values = exact.astype(_precision(declared))
    values[np.isinf(values)] = np.nan
    return values, strange


def _precision(declared: Number) -> type[np.floating[Any]]:
    """Single, unless it cannot tell the trained values apart."""
    largest = max(abs(declared.minimum), abs(declared.maximum))
    with np.errstate(over="ignore", invalid="ignore"):
        coarse = float(np.spacing(np.float32(largest)))
    fine = coarse <= (declared.maximum - declared.minimum) * _FINE
    return np.float32 if fine else np.float64


def _places(column: Any, declared: AnyInput) -> tuple[Values, int]:
    import pyarrow as pa
    import pyarrow.compute as pc

    from switchyard.tables.casting import as_text

    assert isinstance(declared, Category)
    text = as_text(column)
    places = pc.index_in(text, pa.array(declared.values, pa.large_string()))
    values = pc.fill_null(pc.cast(places, pa.float32()), float(len(declared.values)))
    found = np.array(values.to_numpy(zero_copy_only=False), np.float32)
    found[pc.equal(text, "").to_numpy(zero_copy_only=False)] = np.nan
    return found, 0
