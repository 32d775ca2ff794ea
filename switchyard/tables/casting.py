"""From text to numbers and categories, with what is wrong with each cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.configuration.tables import Column

Floats: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]

NUMBER = re.compile(r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$")
"""How numbers are written."""

NOTHING = ("", "?", "n/a", "na", "nan", "none", "null")
"""How numbers that are missing are written; a category may be called 'none'."""

HUGE = 1e30
"""Larger numbers overflow on their way through a model, which compares in single precision."""

TOO_LARGE = "is too large a number"

_SHOWN = 60


@dataclass(frozen=True)
class Fault:
    """Cells of one column that are wrong in one way."""

    column: str
    rows: npt.NDArray[np.intp]
    reason: str


def as_text(column: pa.ChunkedArray | pa.Array) -> pa.LargeStringArray:
    """The column as one array of text without surrounding blanks; a missing value is empty."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return pc.fill_null(pc.utf8_trim_whitespace(column.cast(pa.large_string())), "")


def json_text(value: Any) -> str:
    """A value of JSON as text: a whole number without a point, truth as 1 or 0, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def numbers(
    text: pa.LargeStringArray,
    name: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    missing: bool = False,
    most: float = np.inf,
) -> tuple[Floats, list[Fault]]:
    """The numbers, NaN where there is none, and what is wrong with them.

    missing: whether none is allowed; most: how far from 0 a number may be, HUGE for a model.
    """
    absent = pc.is_in(pc.utf8_lower(text), pa.array(NOTHING, pa.large_string()))
    written = pc.match_substring_regex(text, NUMBER.pattern)
    known = pc.if_else(written, text, pa.scalar(None, pa.large_string()))
    values: Floats = pc.cast(known, pa.float64()).to_numpy(zero_copy_only=False).astype(float)
    lacking = absent.to_numpy(zero_copy_only=False)
    strange = ~lacking & ~np.isfinite(values)
    values = np.where(np.isfinite(values), values, np.nan)
    wrong = [(strange, "is no number")]
    if not missing:
        wrong.append((lacking, "is missing"))
    with np.errstate(invalid="ignore"):
        if minimum is not None:
            wrong.append((values < minimum, f"is below {minimum:g}"))
        if maximum is not None:
            wrong.append((values > maximum, f"is above {maximum:g}"))
        large = np.abs(values) > most
        for mask, _ in wrong:  # a cell is told of once
            large &= ~mask
        wrong.append((large, TOO_LARGE))
    return values, _faults(name, wrong)


def categories(text: pa.LargeStringArray, column: Column) -> tuple[pa.Array, list[Fault]]:
    """The categories, null where there is none."""
    lacking = pc.equal(text, "").to_numpy(zero_copy_only=False)
    wrong = [] if column.missing == "allow" else [(lacking, "is missing")]
    if column.values and column.unknown == "error":
        known = pc.is_in(text, pa.array(column.values, pa.large_string()))
        strange = ~known.to_numpy(zero_copy_only=False) & ~lacking
        wrong.append((strange, f"is none of {listed(column.values)}"))
    values = pc.if_else(pa.array(lacking), pa.scalar(None, pa.large_string()), text)
    return values, _faults(column.name, wrong)


def told(fault: Fault, texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """The sentence for each cell with one of these texts."""
    cut, none = pc.utf8_slice_codeunits(texts, 0, _SHOWN), pa.scalar("", pa.large_string())
    mark, after = pa.scalar("'", pa.large_string()), pa.scalar("' ", pa.large_string())
    shown = pc.binary_join_element_wise(mark, cut, after, none)
    shown = pc.if_else(pc.equal(texts, none), none, shown)
    start = pa.scalar(f"{fault.column}: ", pa.large_string())
    reason = pa.scalar(fault.reason, pa.large_string())
    return pc.binary_join_element_wise(start, shown, reason, none)


def _faults(name: str, wrong: Sequence[tuple[Mask, str]]) -> list[Fault]:
    return [Fault(name, np.flatnonzero(mask), reason) for mask, reason in wrong if mask.any()]


def listed(values: Sequence[str]) -> str:
    """The first of the values, and how many more there are."""
    told = ", ".join(f"'{value}'" for value in values[:8])
    return told + (f" and {len(values) - 8:,} more" if len(values) > 8 else "")
