"""What the columns of an unknown table most likely are: inputs, or why they are none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from switchyard.configuration.names import stored
from switchyard.configuration.tables import MOST_COLUMNS, Column
from switchyard.errors import DataError
from switchyard.tables.casting import numbers
from switchyard.tables.columns import SAMPLE, Found, Left, guess_column
from switchyard.tables.peeking import Peeked
from switchyard.tables.targets import TargetGuess
from switchyard.tables.telling import SUSPICIOUS, power_of

LOOKED_AT = 200
"""Of more inputs only so many are looked at for knowing the target."""


@dataclass(frozen=True)
class Guess:
    """What was guessed: the inputs in order with what to look at by name, and what was left out.

    rejected: rows that cleaning will refuse; first_seen: the column that dates the rows; group:
    columns that look like the key of an entity; leaks: inputs that tell nearly all by themselves.
    """

    inputs: tuple[Column, ...]
    notes: dict[str, str]
    left: tuple[Left, ...]
    rejected: int
    first_seen: str | None
    group: tuple[str, ...]
    leaks: dict[str, float]


def guess_inputs(peeked: Peeked, target: TargetGuess) -> Guess:
    """What each column but the target is. DataError when nothing can be learnt from any."""
    found: list[Found] = []
    left = [Left(name, "its texts run over several lines") for name in peeked.broken]
    taken: dict[str, str] = {}
    for name, text in peeked.columns.items():
        if name == target.column:
            continue
        guessed = _named(name, len(found), taken) or guess_column(name, text)
        if isinstance(guessed, Left):
            left.append(guessed)
        else:
            found.append(guessed)
            taken[stored(name)] = name
    if not found:
        raise _nothing(left, target)
    wrong = np.any([target.wrong, *(each.wrong for each in found)], axis=0)
    dated = next((each.name for each in left if each.dates), None)
    keys = [each.name for each in left if each.key]
    keys += [each.column.name for each in found if each.key]
    return Guess(
        inputs=tuple(each.column for each in found),
        notes={each.column.name: each.note for each in found if each.note},
        left=tuple(_with_date(each, dated) for each in left),
        rejected=int(wrong.sum()),
        first_seen=dated,
        group=tuple(keys[:1]),
        leaks=_leaks([each.column for each in found], peeked, target),
    )


def _with_date(left: Left, dated: str | None) -> Left:
    told = "a date: it says when a row was first seen"
    return replace(left, reason=told) if left.name == dated else left


def _named(name: str, inputs: int, taken: dict[str, str]) -> Left | None:
    """Why a column can be no input for its name or its place, if so."""
    if len(name) > 200 or not name.isprintable():
        return Left(name, "its name is too long, or not printable")
    if inputs >= MOST_COLUMNS:
        return Left(name, f"only {MOST_COLUMNS:,} inputs are possible")
    if stored(name) in taken:
        return Left(name, f"it would be stored under the same name as '{taken[stored(name)]}'")
    return None


def _leaks(columns: list[Column], peeked: Peeked, target: TargetGuess) -> dict[str, float]:
    """The inputs of which each alone tells the target almost wholly, with how much."""
    places = np.linspace(0, peeked.rows - 1, min(peeked.rows, SAMPLE)).astype(np.int64)
    places = places[~target.wrong[places]]
    truth = target.values[places]
    found = {}
    for column in columns[:LOOKED_AT]:
        text = peeked.columns[column.name].take(pa.array(places))
        if column.type == "number":
            values = pd.Series(numbers(text, column.name, missing=True)[0])
        else:
            values = pd.Series(text.to_pylist(), dtype=object)
        power = power_of(values, truth) if values.nunique() > 1 else 0.0
        if power > SUSPICIOUS:
            found[column.name] = power
    return found


def _nothing(left: list[Left], target: TargetGuess) -> DataError:
    told = "; ".join(f"'{each.name[:40]}': {each.reason}" for each in left[:10])
    texts = [each.name for each in left if "text" in each.reason and not each.dates]
    advice = "Give a table with columns that repeat their values, or hold numbers"
    if texts and target.labels is not None:
        advice = (
            "Text classification learns from one column of web addresses: if "
            f"'{texts[0][:40]}' holds such, write a YAML with 'task: text-classification', "
            f"'data: {{columns: {{url: [{texts[0][:40]}], label: [{target.column[:40]}]}}}}' and "
            "the label's words under 'labels'; docs/new-use-case.md shows one. Other free text has "
            "to be turned into numbers or categories first"
        )
    return DataError(f"no column but the target can be learnt from: {told}. {advice}")
