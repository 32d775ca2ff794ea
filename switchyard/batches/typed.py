"""Columns of a table as a model is given them: numbers as float64, categories as text.

What a column as a whole cannot be is an error of the file, what one value cannot be a problem of
its row. Text in a column of numbers is left to the predictor, which reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from switchyard.batches.texts import as_text, is_text, plain
from switchyard.errors import DataError
from switchyard.tables.casting import json_text

_is = pa.types
_JSON: Mapping[type, str] = {list: "array", dict: "object"}
_NUMBERS = frozenset((float, int, type(None)))
_WANTED = {"category": "text", "number": "a number"}


def require_fitting(schema: pa.Schema, types: Mapping[str, str]) -> None:
    """DataError naming a column whose type cannot hold its input; types: those of the manifest."""
    for name, type_ in types.items():
        held = schema.field(name).type
        if type_ == "string" and not is_text(held):
            raise DataError(f"column '{name}' is {held}, not text; convert it to text")
        if type_ == "number" and not (_is_named(held) or is_text(held)):
            raise DataError(f"column '{name}' is {held}, not numbers; convert it to numbers")
        if type_ == "category" and not (_is_named(held) or is_text(held)):
            raise DataError(f"column '{name}' is {held}, not text; convert it to text")


def arrow_values(column: pa.Array, name: str, type_: str) -> pa.Array:
    """A column that `require_fitting` lets pass; text of numbers and categories as large strings.

    Decimals are given as text, which is read to the nearest float.
    """
    column = plain(column)
    if _is.is_boolean(column.type):  # 1 and 0, as training reads them
        column = column.cast(pa.int8())
    if type_ == "category":
        return as_text(column, name)
    if is_text(column.type) or _is.is_decimal(column.type):
        return as_text(column, name)
    return column.cast(pa.float64(), safe=False)


def json_values(values: Sequence[Any], name: str, type_: str) -> tuple[pa.Array, Any]:
    """The values of a key, null where there is none, and why not: None where all can be taken.

    Values are read as training reads those of its files: a number may be text that is one or true
    or false, and a category a number.
    """
    wrong = [
        f"{name}: {_JSON[type(value)]} instead of {_WANTED[type_]}"
        if isinstance(value, list | dict)
        else None
        for value in values
    ]
    known = [None if said else value for value, said in zip(values, wrong, strict=True)]
    reasons = pa.array(wrong, pa.large_string()) if any(wrong) else None
    if type_ == "number" and _NUMBERS.issuperset(map(type, known)):
        floats = [None if each is None else float(each) for each in known]
        return pa.array(floats, pa.float64()), reasons
    texts = [None if each is None else json_text(each) for each in known]
    return pa.array(texts, pa.large_string()), reasons


def _is_number(kind: pa.DataType) -> bool:
    kind = kind.value_type if _is.is_dictionary(kind) else kind
    return bool(_is.is_integer(kind) or _is.is_floating(kind) or _is.is_decimal(kind))


def _is_named(kind: pa.DataType) -> bool:
    """Whether training takes the column's values for numbers, or categories, though no text."""
    return _is_number(kind) or bool(_is.is_boolean(kind))
