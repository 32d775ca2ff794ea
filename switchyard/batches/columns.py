"""The columns of JSON rows, which are known only when all rows were seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from switchyard.errors import DataError

_MOST = 1_000
"""Names that a file may have; more of them where a model wants half as many."""

_EXACT = 2**53
_LONG = 2**63


class _Long(int):
    """Marks whole numbers that a float would round."""


class _Huge(int):
    """Marks whole numbers of more than 64 bits."""


class Columns:
    """Collects the names, in order of first appearance, and what types their values have."""

    def __init__(self, wanted: int = 1) -> None:
        """wanted: how many columns a model asks for."""
        self._types: dict[str, set[type]] = {}
        self._most = max(_MOST, 2 * wanted)

    def see(self, row: Mapping[str, Any]) -> None:
        """Take note of a row. DataError when there are too many names: then they are data."""
        types = self._types
        for name, value in row.items():
            kind = type(value)
            if kind is int and not -_EXACT <= value <= _EXACT:
                kind = _Long if -_LONG <= value < _LONG else _Huge
            if name not in types:
                if len(types) == self._most:
                    raise DataError(
                        f"brings the {self._most + 1:,}th name of a column, of which a file may "
                        f"have {self._most:,}; put what differs from row to row into values, not "
                        "into names"
                    )
                types[name] = set()
            types[name].add(kind)

    def schema(self) -> pa.Schema:
        """The columns as a table has them.

        true and false, whole numbers of 64 bits and numbers have their types; all else is text, in
        which values that are none stand as JSON.
        """
        return pa.schema([(name, _type(types)) for name, types in self._types.items()])


def _type(types: set[type]) -> pa.DataType:
    known = types - {type(None)}
    if known == {bool}:
        return pa.bool_()
    if known and known <= {int, _Long}:
        return pa.int64()
    if known and known <= {int, float}:
        return pa.float64()
    return pa.large_string()
