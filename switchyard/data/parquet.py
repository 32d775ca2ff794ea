"""Rows of Parquet files: only the columns that are needed, whatever types they have."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from switchyard.data.layouts import Layout
from switchyard.data.rows import Collector
from switchyard.errors import DataError


def column_names(path: Path) -> tuple[str, ...]:
    """The file's columns. DataError if it is cut off or damaged."""
    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as cause:
        raise _damaged(path, cause) from cause


def read_parquet(path: Path, layout: Layout) -> tuple[pa.Table, pa.Table | None]:
    """The wanted columns as text with nulls kept, and malformed rows if the file has any."""
    try:
        table = pq.read_table(path, columns=list(layout.wanted), use_threads=False)
    except (pa.ArrowException, OSError) as cause:
        raise _damaged(path, cause) from cause
    columns = {name: _as_text(path, name, table[name]) for name in layout.wanted}
    try:
        return pa.table({name: _checked(column) for name, column in columns.items()}), None
    except pa.ArrowInvalid:
        collector = Collector(layout)
        texts = [column.cast(pa.large_binary()).to_pylist() for column in columns.values()]
        for row in zip(*texts, strict=True):
            collector.add([(text or b"").decode("utf-8", "surrogateescape") for text in row])
        return collector.tables()


def _checked(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as large strings; ArrowInvalid if its bytes are not UTF-8."""
    if pa.types.is_large_string(column.type) or pa.types.is_string(column.type):
        column = column.cast(pa.large_binary())
    return column.cast(pa.large_string())


def _as_text(path: Path, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    try:
        if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
            return pc.strftime(column, format="%Y-%m").cast(pa.large_string())
        if pa.types.is_boolean(kind):
            column = column.cast(pa.int8())
        known = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
        return column if known else column.cast(pa.large_string())
    except pa.ArrowException as cause:
        raise DataError(
            f"'{path}': column '{name}' is {kind} and cannot be read as text ({cause}); "
            "convert it before"
        ) from cause


def _damaged(path: Path, cause: Exception) -> DataError:
    return DataError(f"'{path}' is a damaged or cut-off Parquet file ({cause}); fetch it again")
