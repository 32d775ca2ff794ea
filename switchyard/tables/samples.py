"""A table made on the spot as its columns are declared, for when no data are at hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from switchyard.configuration.model import Definition
from switchyard.configuration.names import stored
from switchyard.configuration.tables import Column
from switchyard.configuration.tasks import TASKS
from switchyard.data.notices import SOURCE
from switchyard.data.reading import RawFrame
from switchyard.data.rows import REJECTS

_NOISE = 0.35
"""Of the standard deviation of what the inputs say: about nine tenths can be learnt."""

_MISSING = 0.02
_COINED = ("one", "two", "three", "four")


def generate_table(rows: int, definition: Definition, seed: int) -> RawFrame:
    """Raw rows whose target follows from the inputs, with noise; the same for the same arguments.

    Numbers are spread over their declared bounds, or around nought; categories are those declared.
    """
    table, target = definition.table, definition.target
    assert table is not None  # the configuration sees to both
    assert target is not None
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    signal = np.zeros(rows)
    for column in table.inputs:
        values, effect = _drawn(column, rows, random)
        absent = random.random(rows) < (_MISSING if column.missing == "allow" else 0.0)
        columns[stored(column.name)] = pa.array(values, pa.large_string(), mask=absent)
        signal += effect
    signal = (signal - signal.mean()) / (signal.std() or 1.0)
    noisy = signal + _NOISE * random.standard_normal(rows)
    if TASKS[definition.task].numbers:
        low, high = _span(target.minimum, target.maximum, 0.0, 100.0)
        scaled = (low + high) / 2.0 + (high - low) / 7.0 * noisy
        digits = _digits(low, high, 4)
        label = [f"{value:.{digits}g}" for value in np.clip(scaled, low, high)]
    else:
        names = definition.labels.negative, definition.labels.positive
        label = [names[int(value > 0.0)] for value in noisy]
    for name in table.group:
        columns.setdefault(
            stored(name),
            pa.array([f"key {n}" for n in random.integers(0, rows, rows)], pa.large_string()),
        )
    constant = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), [SOURCE])
    made = pa.table(
        {
            **{name: pa.chunked_array([values]) for name, values in columns.items()},
            "label": pa.chunked_array([pa.array(label).dictionary_encode()]),
            "source": pa.chunked_array([constant]),
            "first_seen": pa.chunked_array(
                [pa.nulls(rows, pa.dictionary(pa.int32(), pa.string()))]
            ),
            "row": np.arange(1, rows + 1),
        }
    )
    return RawFrame(made, REJECTS.empty_table())


def _drawn(
    column: Column, rows: int, random: np.random.Generator
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """The values as text, and what they add to the target."""
    weight = random.normal()
    if column.type == "category":
        names = column.values or _COINED
        codes = random.integers(0, len(names), rows)
        effects = random.normal(size=len(names))
        return [names[code] for code in codes], effects[codes]
    drawn = random.random(rows)
    low, high = _span(column.minimum, column.maximum, -1.0, 2.0)
    digits = _digits(low, high, 6)
    texts = [f"{low + (high - low) * share:.{digits}g}" for share in drawn]
    return texts, weight * 3.0 * (drawn - 0.5)


def _span(
    minimum: float | None, maximum: float | None, usual: float, width: float
) -> tuple[float, float]:
    """The bounds; one that is not declared is the usual one, or as far off as that is wide."""
    if minimum is not None:
        return minimum, minimum + width if maximum is None else maximum
    if maximum is None:
        return usual, usual + width
    return (usual if usual < maximum else maximum - width), maximum


def _digits(low: float, high: float, least: int) -> int:
    """As many as it takes to tell a thousand numbers between these apart."""
    span = high - low
    if not span > 0:
        return 17
    return max(least, 3 + math.ceil(math.log10(max(abs(low), abs(high)) / span)))
