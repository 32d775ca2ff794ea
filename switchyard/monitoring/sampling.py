"""Reading the rows of a window: all of them, or of a wide table as many as fit into memory."""

from __future__ import annotations

from typing import Any

from switchyard.capture import reading
from switchyard.configuration.model import UseCase
from switchyard.configuration.names import stored
from switchyard.monitoring.checking import INTERVALS, columns_of
from switchyard.monitoring.looking import WINDOW_CELLS
from switchyard.monitoring.windows import Window

WIDE = 200
"""From so many columns on the rows are counted before they are read."""


def read_window(
    case: UseCase, captured: str, window: Window, damaged: reading.Damaged
) -> tuple[Any, int]:
    """The predictions of a window, and how many there are of it in the store.

    All of them have `reading.KEY` and intervals, too; a sample has not.
    """
    columns = columns_of(case.definition)
    span = (captured, window.since, window.until)
    if len(columns) < WIDE:
        more = (*reading.KEY, *INTERVALS)
        rows = reading.predictions(*span, columns=(*columns, *more), damaged=damaged)
        return _whole(rows, case), rows.num_rows
    count = reading.predictions(*span, columns=("time",), damaged=damaged).num_rows
    every = -(-count * len(columns) // WINDOW_CELLS)
    rows = reading.predictions(
        *span, columns=columns, damaged=damaged, chosen=_one_of(every) if every > 1 else None
    )
    return _whole(rows, case), max(count, rows.num_rows)


def _whole(rows: Any, case: UseCase) -> Any:
    """The rows with every input of a table: one that no request gave is missing in all of them."""
    import pyarrow as pa

    for each in case.table.inputs if case.table else ():
        if stored(each.name) not in rows.column_names:
            rows = rows.append_column(stored(each.name), pa.nulls(rows.num_rows))
    return rows


def _one_of(every: int) -> Any:
    """Takes one row of so many, file by file."""
    passed = 0

    def chosen(table: Any) -> Any:
        nonlocal passed
        import pyarrow as pa

        first = -passed % every
        passed += table.num_rows
        return table.take(pa.array(range(first, table.num_rows, every), pa.int64()))

    return chosen
