"""Rows of a table as its source has them: text by the names under which columns are stored."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from switchyard.configuration.names import stored
from switchyard.configuration.tables import Table
from switchyard.data.layouts import Layout


def named_inputs(
    columns: pa.Table, layout: Layout, table: Table, constants: dict[str, str]
) -> dict[str, pa.ChunkedArray]:
    """The columns that inputs and groups come from, constants among them, as text."""
    wanted = dict.fromkeys((*(each.name for each in table.inputs), *table.group))
    return {
        stored(name): columns[name]
        if name in layout.inputs
        else repeated(constants[name], columns.num_rows)
        for name in wanted
    }


def repeated(value: str, count: int) -> pa.ChunkedArray:
    """A column with one value."""
    codes = pa.array(np.zeros(count, np.int32))
    one = pa.DictionaryArray.from_arrays(codes, pa.array([value], pa.large_string()))
    return pa.chunked_array([one.cast(pa.large_string())])
