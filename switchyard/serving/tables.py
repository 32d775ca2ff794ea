"""Rows of a table as a model takes them, and what is to be said of each before it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from switchyard.errors import RequestError
from switchyard.packages.manifest import AnyInput, Category, Number
from switchyard.serving.cells import Strange, numbers_of, places_of
from switchyard.tables.casting import HUGE, TOO_LARGE

Floats: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Told: TypeAlias = dict[int, list[tuple[str, str]]]
"""Row → columns and what is said of them, in the order of the inputs."""

_MOST = 10


@dataclass(frozen=True)
class Checked:
    """Rows of a table. coded: (rows, inputs), as of `switchyard.tables.coding`.

    faults: why rows cannot be scored; warnings: what to know of rows that can.
    """

    coded: Floats
    faults: Told
    warnings: Told


class TableChecker:
    """Reads columns of a table by the inputs of a manifest; safe to call from several threads."""

    def __init__(self, inputs: Mapping[str, AnyInput]) -> None:
        self.names = tuple(inputs)
        self._declared = list(inputs.values())
        self._nullable = np.array([getattr(each, "missing", False) for each in self._declared])
        bounds = [_bounds(each) for each in self._declared]
        self._lows, self._highs = (np.array(each) for each in zip(*bounds, strict=True))
        self._trained = [
            f"what was trained ({shown(low)} to {shown(high)})" for low, high in bounds
        ]
        trained = np.maximum(np.abs(self._lows), np.abs(self._highs))
        self._most = np.maximum(HUGE, 1_000 * trained)
        self._places = [
            {value: float(at) for at, value in enumerate(each.values)}
            if isinstance(each, Category)
            else {}
            for each in self._declared
        ]

    def check(self, columns: Mapping[str, Any]) -> Checked:
        """The rows, coded, and what is to be said of them.

        RequestError when the columns are not of one length.
        """
        coded, strange = self._coded(columns)
        unread = np.zeros(coded.shape, np.bool_)
        for at, cells in strange.items():
            unread[list(cells), at] = True
        huge = np.abs(coded) > self._most
        lacking = np.isnan(coded) & ~self._nullable & ~unread
        faults: Told = {}
        for row, at in _cells(lacking | unread | huge):
            said = "is missing" if lacking[row, at] else strange.get(at, {}).get(row, TOO_LARGE)
            faults.setdefault(row, []).append((self.names[at], said))
        return Checked(coded, faults, self._warnings(coded, faults))

    def _coded(self, columns: Mapping[str, Any]) -> tuple[Floats, dict[int, Strange]]:
        parts: list[Floats] = []
        strange: dict[int, Strange] = {}
        for at, (name, declared) in enumerate(zip(self.names, self._declared, strict=True)):
            if isinstance(declared, Category):
                values, wrong = places_of(columns[name], declared, self._places[at])
            else:
                values, wrong = numbers_of(columns[name])
            if parts and len(values) != len(parts[0]):
                raise RequestError(
                    f"column '{name}' has {len(values):,} rows, '{self.names[0]}' has "
                    f"{len(parts[0]):,}; give as many of each"
                )
            parts.append(values)
            if wrong:
                strange[at] = wrong
        return np.column_stack(parts), strange

    def _warnings(self, coded: Floats, faults: Told) -> Told:
        """Numbers beyond those of the training rows, of rows that have no fault."""
        with np.errstate(invalid="ignore"):
            beyond = (coded < self._lows) | (coded > self._highs)
        found: Told = {}
        for (row, at), value in zip(_cells(beyond), coded[beyond].tolist(), strict=True):
            if row not in faults:
                found.setdefault(row, []).append((self.names[at], self._beyond(at, value)))
        return found

    def _beyond(self, at: int, value: float) -> str:
        side = "below" if value < self._lows[at] else "above"
        return f"'{self.names[at]}' {shown(value)} is {side} {self._trained[at]}"


def shown(value: float) -> str:
    """The number, a whole one without a point."""
    return repr(value).removesuffix(".0")


def fault_text(fault: tuple[str, str]) -> str:
    """What is wrong with one cell, with its column's name; without one, with the whole row."""
    return f"{fault[0]}: {fault[1]}" if fault[0] else fault[1]


def warning_text(warning: tuple[str, str]) -> str:
    """What is to be known of one cell."""
    return warning[1]


def sentences(told: Told, rows: int, text: Any) -> pa.LargeStringArray:
    """A column of what is said of each row, null where nothing is; of much the first parts."""
    values: list[str | None] = [None] * rows
    for row, parts in told.items():
        said = "; ".join(map(text, parts[:_MOST]))
        more = len(parts) - _MOST
        values[row] = f"{said}; and {more:,} more" if more > 0 else said
    return pa.array(values, pa.large_string())


def _bounds(declared: AnyInput) -> tuple[float, float]:
    if isinstance(declared, Number):
        return declared.minimum, declared.maximum
    return -np.inf, np.inf


def _cells(mask: Mask) -> Iterator[tuple[int, int]]:
    """Rows and columns where the mask is set, row by row."""
    rows, columns = np.nonzero(mask)
    return zip(rows.tolist(), columns.tolist(), strict=True)
