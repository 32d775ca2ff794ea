"""What a window of a table has that training had not: gaps, new categories, far numbers."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from switchyard.configuration.names import stored
from switchyard.monitoring.inputs import Columns
from switchyard.monitoring.tables import Inputs
from switchyard.packages.manifest import Category, Number

Share = dict[str, float]

_TOLD = 10
"""So many columns are told of one by one."""


@dataclass(frozen=True)
class Shares:
    """By column: shares of rows where a value is missing, a category unknown, a number outside."""

    missing: Share
    unknown: Share
    outside: Share

    @property
    def some_unknown(self) -> Share:
        """Of the columns that have any."""
        return {name: share for name, share in self.unknown.items() if share}

    @property
    def some_outside(self) -> Share:
        """Of the columns that have any."""
        return {name: share for name, share in self.outside.items() if share}

    @property
    def told(self) -> dict[str, Share]:
        """The shares by what is said of them."""
        return {
            "is missing or unreadable": self.missing,
            "has categories that were not trained": self.unknown,
            "lies outside of the trained range": self.outside,
        }


def shares(columns: Columns, inputs: Inputs) -> Shares:
    """What is missing, unknown or outside in these columns, of all their rows.

    columns: as `switchyard.monitoring.tables` describes them.
    """
    found = Shares({}, {}, {})
    for name, declared in inputs.items():
        values = columns[name]
        if not len(values):
            continue
        found.missing[name] = round(float(np.isnan(values).mean()), 6)
        if isinstance(declared, Category):
            unknown = values == len(declared.values)
            found.unknown[name] = round(float(unknown.mean()), 6)
        elif isinstance(declared, Number):
            low, high = np.array([declared.minimum, declared.maximum], values.dtype)
            found.outside[name] = round(float(((values < low) | (values > high)).mean()), 6)
    return found


def judge_shares(found: Shares, usual: Shares, allowed: float, rows: tuple[int, int]) -> list[str]:
    """A sentence for each column with more of it than is usual, the worst first, few of many.

    allowed: how much more is no drift; rows: behind both shares.
    """
    worst = []
    for what, by_name in found.told.items():
        for name, share in by_name.items():
            known = usual.told[what][name]
            if beyond(share, known, allowed, rows, len(by_name)):
                text = f"{name} {what} in {share:.1%} of rows, {known:.1%} in training"
                worst.append((known - share, text))
    told = [text for _, text in sorted(worst)]
    more = len(told) - _TOLD
    return [*told[:_TOLD], *([f"and so it is with {more:,} more"] if more > 0 else [])]


def beyond(share: float, usual: float, allowed: float, rows: tuple[int, int], columns: int) -> bool:
    """Whether a share is higher than the usual one by what is allowed, and by more than chance.

    rows: behind both shares. Of many columns the one furthest off is expected to be that far.
    """
    if share <= usual or share - usual < allowed:
        return False
    count, others = rows
    mixed = (share * count + usual * others) / (count + others)
    spread = math.sqrt(mixed * (1.0 - mixed) * (1.0 / count + 1.0 / others))
    return share - usual > max(2.0, math.sqrt(2.0 * math.log(2.0 * columns))) * spread


def kept_inputs(
    inputs: Inputs, dropped: Collection[str], read: Collection[str]
) -> tuple[Inputs, list[str]]:
    """The inputs that can be compared, and what is to be said of the others.

    dropped: of `serving.capture.drop`, by the columns' own names; read: the columns at hand, which
    are those of the use case as it is now.
    """
    gone = {stored(name) for name in dropped} & set(inputs)
    other = set(inputs) - set(read) - gone
    notes = []
    if gone:
        told = _listed(sorted(gone))
        notes.append(f"not kept (serving.capture.drop) and not compared: {told}")
    if other:
        told = _listed(sorted(other))
        notes.append(f"no input of the use case any more and not compared: {told}")
    kept = {name: each for name, each in inputs.items() if name not in gone | other}
    return kept, notes


def told_unreadable(unreadable: Mapping[str, int]) -> list[str]:
    """What is said of cells that hold no value of their kind."""
    if not unreadable:
        return []
    names = _listed(sorted(unreadable, key=lambda name: (-unreadable[name], name)))
    return [f"{sum(unreadable.values()):,} unreadable values were skipped: {names}"]


def _listed(names: Collection[str]) -> str:
    first = ", ".join(f"'{name}'" for name in list(names)[:_TOLD])
    return first + (f" and {len(names) - _TOLD:,} more" if len(names) > _TOLD else "")
