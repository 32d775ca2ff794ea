"""Rows gathered one by one, for files that arrow's own readers refuse."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from switchyard.data.layouts import Layout

SHOWN = 200
"""Characters of a rejected row that are kept."""

REJECTS = pa.schema(
    [
        ("row", pa.int64()),
        ("source", pa.large_string()),
        ("url", pa.large_string()),
        ("reason", pa.large_string()),
    ]
)

_BATCH = 100_000


class Collector:
    """Takes rows as text and gives arrow tables: the rows with their numbers, and the rejects.

    Rows count from 1 in the order of the file, malformed ones included, headers not.
    """

    def __init__(self, layout: Layout) -> None:
        self.names = layout.wanted
        self._shown = self.names.index(layout.inputs[0])
        self._row = 0
        self._rows: list[int] = []
        self._values: list[Sequence[str]] = []
        self._batches: list[pa.Table] = []
        self._rejects: list[tuple[int, str, str]] = []

    def add(self, values: Sequence[str]) -> None:
        """One row, its values in the order of `names`; lone surrogates mark invalid UTF-8."""
        for value in values:
            if not value.isascii():
                try:
                    value.encode()
                except UnicodeEncodeError:
                    self.reject(values[self._shown], "invalid UTF-8")
                    return
        self._row += 1
        self._rows.append(self._row)
        self._values.append(values)
        if len(self._rows) >= _BATCH:
            self._flush()

    def reject(self, content: bytes | str, reason: str) -> None:
        """One row that cannot be read."""
        self._row += 1
        text = (
            content[: SHOWN * 4]
            if isinstance(content, bytes)
            else content[:SHOWN].encode(
                "utf-8", "surrogateescape" if _escaped(content[:SHOWN]) else "replace"
            )
        )
        shown = text.decode("utf-8", "backslashreplace").strip()[:SHOWN]
        self._rejects.append((self._row, shown, reason))

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """What came: a table of `names` and 'row', and one of `REJECTS` without sources."""
        self._flush()
        rows, urls, reasons = zip(*self._rejects, strict=True) if self._rejects else ((), (), ())
        sources = pa.nulls(len(rows), pa.large_string())
        rejects = pa.table([pa.array(rows), sources, urls, reasons], schema=REJECTS)
        return pa.concat_tables(self._batches), rejects

    def _flush(self) -> None:
        columns = list(zip(*self._values, strict=True)) or [()] * len(self.names)
        arrays = {
            name: pa.array(column, pa.large_string())
            for name, column in zip(self.names, columns, strict=True)
        }
        arrays["row"] = pa.array(self._rows, pa.int64())
        self._batches.append(pa.table(arrays))
        self._rows, self._values = [], []


def _escaped(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
