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

_is = pa.types
_JSON: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
}


def require_fitting(schema: pa.Schema, types: Mapping[str, str]) -> None:
    """DataError naming a column whose type cannot hold its input; types: those of the manifest."""
    for name, type_ in types.items():
        held = schema.field(name).type
        if type_ == "string" and not is_text(held):
            raise DataError(f"column '{name}' is {held}, not text; convert it to text")
        if type_ == "number" and not (_is_number(held) or is_text(held)):
            raise DataError(f"column '{name}' is {held}, not numbers; convert it to numbers")
        if type_ == "category" and not (_is_named(held) or is_text(held)):
            raise DataError(f"column '{name}' is {held}, not text; convert it to text")


def arrow_values(column: pa.Array, name: str, type_: str) -> pa.Array:
    """A column that `require_fitting` lets pass; text of numbers and categories as large strings.

    Decimals are given as text, which is read to the nearest float.
    """
    column = plain(column)
    if type_ == "category":
        return as_text(column.cast(pa.int8()) if _is.is_boolean(column.type) else column, name)
    if is_text(column.type) or _is.is_decimal(column.type):
        return as_text(column, name)
    return column.cast(pa.float64(), safe=False)


def json_values(values: Sequence[Any], name: str, type_: str) -> tuple[pa.Array, Any]:
    """The values of a key, null where there is none, and why not: None where all can be taken.

    Types are those of `/predict`: text is no number there, and a number no text.
    """
    taken, kind, wanted = (
        ((str,), pa.large_string(), "text")
        if type_ == "category"
        else ((float, int), pa.float64(), "a number")
    )
    known = [value if type(value) in taken else None for value in values]
    wrong = [
        f"{name}: {_JSON[type(value)]} instead of {wanted}"
        if value is not None and type(value) not in taken
        else None
        for value in values
    ]
    if type_ == "number":
        known = [None if value is None else float(value) for value in known]
    reasons = pa.array(wrong, pa.large_string()) if any(wrong) else None
    return pa.array(known, kind), reasons


def _is_number(kind: pa.DataType) -> bool:
    kind = kind.value_type if _is.is_dictionary(kind) else kind
    return bool(_is.is_integer(kind) or _is.is_floating(kind) or _is.is_decimal(kind))


def _is_named(kind: pa.DataType) -> bool:
    """Whether training takes the column's values for categories though they are no text."""
    return _is_number(kind) or bool(_is.is_boolean(kind))
