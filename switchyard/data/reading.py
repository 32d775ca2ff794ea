"""Reading: a file of any known layout becomes raw rows, with what could not be read set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.configuration.model import Data, Labels, Source
from switchyard.configuration.tables import Table, Target
from switchyard.data.delimited import read_delimited, read_lines
from switchyard.data.json_rows import read_json, read_json_lines
from switchyard.data.layouts import Layout, layout_of
from switchyard.data.opening import Opening, look
from switchyard.data.parquet import read_parquet
from switchyard.data.rows import REJECTS
from switchyard.data.sources import LocalFile
from switchyard.errors import DataError, RequestError
from switchyard.tables.layouts import table_layout
from switchyard.tables.reading import named_inputs

_MONTH = r"^(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])(?:[^0-9]|$)"


@dataclass(frozen=True)
class RawFrame:
    """Rows as the sources have them, in arrow tables, and those that could not be read.

    `rows`: url, or the columns of a table by their stored names (large_string); label, source,
    first_seen ('YYYY-MM' or null; all three dictionary) and row (its number in the source, from 1).
    `rejects`: row, source, url (or the text of a cell), reason.
    """

    rows: pa.Table
    rejects: pa.Table

    def __len__(self) -> int:
        return int(self.rows.num_rows + self.rejects.num_rows)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Raw rows of a frame with columns url, label and perhaps source and first_seen."""
        table = pa.Table.from_pandas(frame, preserve_index=False)
        names = [name for name in ("url", "label", "source", "first_seen") if name in frame]
        columns = {name: table[name].cast(pa.large_string()) for name in names}
        layout = Layout(
            "table",
            "parquet",
            label="label",
            source="source" if "source" in names else None,
            first_seen="first_seen" if "first_seen" in names else None,
        )
        inputs = {"url": pc.fill_null(columns["url"], "")}
        return cls(_rows(pa.table(columns), layout, "frame", inputs), REJECTS.empty_table())

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """The rows of several sources, one after the other."""
        rows = pa.concat_tables([part.rows for part in parts]).unify_dictionaries()
        return cls(rows, pa.concat_tables([part.rejects for part in parts]))


def read(
    file: LocalFile,
    source: Source,
    data: Data,
    labels: Labels,
    table: Table | None = None,
    target: Target | None = None,
) -> RawFrame:
    """The file's rows. DataError naming the file, what is wrong with it and the fix.

    table, target: of a task on tables; else the file holds URLs.
    """
    try:
        opening = look(file.path)
        if table is not None and target is not None:
            layout = table_layout(opening, source, table, target, data.columns)
        else:
            layout = layout_of(opening, source, data, labels)
        columns, rejects = read_tables(opening, layout)
    except PermissionError as cause:
        raise RequestError(f"'{file.path}' may not be read; check its permissions") from cause
    if not columns.num_rows and not (rejects and rejects.num_rows):
        raise DataError(f"'{file.path}' has a header and no rows; give a file with rows")
    named = REJECTS.empty_table() if rejects is None else _named(rejects, file.name)
    if table is None:
        inputs = {"url": pc.fill_null(columns[layout.inputs[0]], "")}
    else:
        inputs = named_inputs(columns, layout, table, source.constants)
    return RawFrame(_rows(columns, layout, file.name, inputs), named)


def read_tables(opening: Opening, layout: Layout) -> tuple[pa.Table, pa.Table | None]:
    """The columns of a file by the names that it has, and what cannot be read of it."""
    match layout.form:
        case "parquet":
            return read_parquet(opening.path, layout)
        case "json-lines":
            return read_json_lines(opening, layout)
        case "json":
            return read_json(opening, layout)
        case "lines":
            return read_lines(opening, layout)
    return read_delimited(opening, layout)


def _rows(table: pa.Table, layout: Layout, name: str, inputs: dict[str, Any]) -> pa.Table:
    """The inputs, and the other columns of a raw frame, whatever they were called."""
    count = table.num_rows
    label = _coded(table[layout.label]) if layout.label else _constant(layout.implied or "", count)
    source = _sources(table[layout.source], name) if layout.source else _constant(name, count)
    dated = (
        _coded(months(table[layout.first_seen]))
        if layout.first_seen
        else pa.nulls(count, pa.dictionary(pa.int32(), pa.string()))
    )
    row = table["row"] if "row" in table.column_names else pa.array(np.arange(1, count + 1))
    return pa.table({**inputs, "label": label, "source": source, "first_seen": dated, "row": row})


def months(dates: pa.ChunkedArray) -> pa.ChunkedArray:
    """The months 'YYYY-MM' of dates that begin as ISO 8601 does; null for all else."""
    text = pc.replace_substring(pc.utf8_trim_whitespace(dates), "/", "-")
    known = pc.match_substring_regex(text, _MONTH)
    month = pc.utf8_slice_codeunits(text, 0, 7)
    return pc.if_else(known, month, pa.scalar(None, text.type))


def _sources(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """The table's own source column, with the file's name where that is empty."""
    text = column.cast(pa.large_string())
    return _coded(pc.if_else(pc.equal(pc.fill_null(text, ""), ""), name, text))


def _coded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = pa.dictionary(pa.int32(), pa.string())
    if column.type == kind:
        return column
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    return column.cast(kind)


def _constant(value: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(count, np.int32)), pa.array([value], pa.string())
    )


def _named(rejects: pa.Table, name: str) -> pa.Table:
    column = pa.array([name] * rejects.num_rows, pa.large_string())
    return rejects.set_column(rejects.column_names.index("source"), "source", column)
