"""Columns of requests and files as numbers: whatever holds them, one cell is read in one way.

A number column may hold numbers or text that is strictly one; a category column may hold text, or
numbers where the categories look like these. None, null, NaN and empty text are missing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.packages.manifest import Category
from switchyard.tables.casting import as_text, listed, numbers

Floats: TypeAlias = npt.NDArray[np.float64]
Strange: TypeAlias = dict[int, str]
"""Row → what is wrong with its cell."""

_PLAIN = frozenset((float, int, type(None)))
_NUMBERS = (int, float, Decimal, np.integer, np.floating)
_SHOWN = 60


def numbers_of(values: Any) -> tuple[Floats, Strange]:
    """The numbers of a column, NaN where there is none, and what is none though not missing."""
    held = _held(values)
    if isinstance(held, pa.Array):
        if _is_text(held.type):
            return _written(as_text(held))
        found = _cast(held)
        if found is None:
            return _mixed(held.to_pylist())
    elif isinstance(held, np.ndarray):
        found = held.astype(np.float64)
    elif _PLAIN.issuperset(map(type, held)):
        try:
            found = np.array([math.nan if each is None else each for each in held], np.float64)
        except OverflowError:
            return _mixed(held)
    else:
        return _mixed(held)
    return _finite(found)


def places_of(
    values: Any, declared: Category, places: Mapping[str, float]
) -> tuple[Floats, Strange]:
    """The place of each category, NaN where there is none; one that is not known is strange.

    places: of `declared.values`. Where there is an 'other', it is what is not known.
    """
    held = _held(values)
    if isinstance(held, list) and all(type(each) is str or each is None for each in held):
        texts = ["" if each is None else each.strip() for each in held]
        found = np.array([places.get(each, math.nan) for each in texts], np.float64)
        unknown = [at for at, each in enumerate(texts) if each and each not in places]
    else:
        text = as_text(_categories(held))
        known = pa.array(declared.values, pa.large_string())
        index = pc.cast(pc.index_in(text, known), pa.float64())
        found = pc.fill_null(index, math.nan).to_numpy(zero_copy_only=False).copy()
        lacking = pc.equal(text, "").to_numpy(zero_copy_only=False)
        unknown = np.flatnonzero(np.isnan(found) & ~lacking).tolist()
        texts = text
    if declared.other:
        found[unknown] = len(declared.values)
        return found, {}
    said = f"is none of {listed(declared.values)}"
    return found, {at: f"{_quoted(str(texts[at]))} {said}" for at in unknown}


def _held(values: Any) -> pa.Array | npt.NDArray[Any] | list[Any]:
    """An arrow array in one piece, a numpy array of numbers, or a list."""
    if isinstance(values, list):
        return values
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
        values = pa.concat_arrays(values.chunks) if isinstance(values, pa.ChunkedArray) else values
    if isinstance(values, pa.Array):
        return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    if hasattr(values, "dtype"):
        array = np.asarray(values)
        return array if array.dtype.kind in "fiu" else list(array.tolist())
    return list(values)


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_large_string(kind) or types.is_string(kind) or types.is_string_view(kind))


def _cast(held: pa.Array) -> Floats | None:
    """Numbers of whatever arrow type, None when they are none."""
    kind = held.type
    if pa.types.is_null(kind):
        return np.full(len(held), np.nan)
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)):
        return None
    whole = pc.cast(held, pa.float64(), safe=False)
    return np.array(pc.fill_null(whole, math.nan).to_numpy(zero_copy_only=False), np.float64)


def _finite(found: Floats) -> tuple[Floats, Strange]:
    endless = np.isinf(found)
    if not endless.any():
        return found, {}
    strange = {int(at): f"{_quoted(str(found[at]))} is no number" for at in np.flatnonzero(endless)}
    return np.where(endless, np.nan, found), strange


def _written(text: pa.LargeStringArray) -> tuple[Floats, Strange]:
    found, faults = numbers(text, "", missing=True)
    strange = {
        int(at): f"{_quoted(text[int(at)].as_py())} {fault.reason}"
        for fault in faults
        for at in fault.rows
    }
    return found, strange


def _mixed(held: Sequence[Any]) -> tuple[Floats, Strange]:
    """Cells of several kinds, one by one."""
    found = np.full(len(held), np.nan)
    strange: Strange = {}
    for at, value in enumerate(held):
        if isinstance(value, str):
            read, wrong = _written(as_text(pa.array([value], pa.large_string())))
        elif value is None:
            continue
        else:
            read, wrong = _finite(np.array([_number(value)]))
            if isinstance(value, bool) or not isinstance(value, _NUMBERS):
                wrong = {0: f"{_quoted(str(value))} is no number"}
        found[at] = read[0]
        if wrong:
            strange[at] = wrong[0]
    return found, strange


def _number(value: Any) -> float:
    """The number, NaN for what is none, and endless for what is too large."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _categories(held: pa.Array | npt.NDArray[Any] | list[Any]) -> pa.Array:
    """Categories as text: a number as it is written, a whole one without a point."""
    if isinstance(held, np.ndarray):
        held = held.tolist()
    if isinstance(held, pa.Array):
        if _is_text(held.type):
            return held
        held = held.to_pylist()
    return pa.array([_word(each) for each in held], pa.large_string())


def _word(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _quoted(text: str) -> str:
    return f"'{text[:_SHOWN]}'"
