"""Arrow columns as text for CSV and as values for JSON, without loss where the form has room."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa

from switchyard.errors import DataError

_is = pa.types


def as_text(column: pa.Array, name: str) -> pa.Array:
    """The column as large strings, null where it is null.

    Text stays as it is, numbers are written so that they read back equal, times as ISO 8601, lists
    and structures as JSON. DataError where a value is neither text nor can be written so.
    """
    column = plain(column)
    kind = column.type
    try:
        if _is_nested(kind):
            texts = [
                None if value is None else orjson.dumps(value, default=_other).decode()
                for value in column.to_pylist()
            ]
            return pa.array(texts, pa.large_string())
        if is_text(kind):
            column = column.cast(pa.large_binary())
        return column.cast(pa.large_string())
    except (pa.ArrowException, ValueError, TypeError) as cause:
        held = "bytes that are not UTF-8 text" if is_text(kind) else f"{kind}, which has no text"
        raise DataError(
            f"column '{name}' holds {held}; convert it, or take the result as parquet"
        ) from cause


def as_objects(batch: pa.RecordBatch) -> list[bytes]:
    """Each row as a JSON object; NaN and infinities become null, for JSON has none."""
    columns = [
        _values(column, name)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    names = batch.schema.names
    return [
        orjson.dumps(dict(zip(names, row, strict=True)), default=_other)
        for row in zip(*columns, strict=True)
    ]


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type may hold text: strings, coded strings, bytes, only nulls."""
    if _is.is_dictionary(kind):
        kind = kind.value_type
    return any(
        test(kind)
        for test in (
            *(_is.is_string, _is.is_large_string, _is.is_string_view),
            *(_is.is_binary, _is.is_large_binary, _is.is_binary_view, _is.is_null),
        )
    )


def require_writable(schema: pa.Schema, kind: str) -> None:
    """DataError naming a column that no file of this kind can hold; parquet holds all."""
    for field in schema:
        if kind != "parquet" and _has_nanoseconds(field.type):
            raise DataError(
                f"column '{field.name}' is {field.type}, which {kind} cannot hold exactly; "
                "take the result as parquet, or convert the column"
            )


def _values(column: pa.Array, name: str) -> list[Any]:
    column = plain(column)
    kind = column.type
    same = _is.is_boolean(kind) or _is.is_integer(kind) or _is.is_floating(kind)
    if not (same or _is_nested(kind)):
        column = as_text(column, name)
    values: list[Any] = column.to_pylist()
    return values


def plain(column: pa.Array) -> pa.Array:
    """The column without coding and without an extension's meaning."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    return column.dictionary_decode() if _is.is_dictionary(column.type) else column


def _is_nested(kind: pa.DataType) -> bool:
    return bool(_is.is_nested(kind) and not _is.is_union(kind))


def _has_nanoseconds(kind: pa.DataType) -> bool:
    """Whether nanoseconds stand inside of lists or structures: Python's own times have none."""
    if not _is_nested(kind):
        return False
    inner = [kind.field(at).type for at in range(kind.num_fields)]
    return any(getattr(each, "unit", "") == "ns" or _has_nanoseconds(each) for each in inner)


def _other(value: Any) -> Any:
    """What JSON has no form of, inside of lists and structures."""
    if isinstance(value, Decimal | time):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.decode()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
