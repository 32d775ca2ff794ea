"""The split that stays split: a row's side is decided by its group alone.

A stable hash of the group (for URLs the registered domain) decides, so that a row never changes
sides when others come or go, the holdout is the same for champion and challenger, and no group
stands on two sides. Groups differ in size: the shares that come out are near those asked for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.configuration.model import Split
from switchyard.errors import DataError

Rows: TypeAlias = npt.NDArray[np.int64]

LEAST = 2
"""Of numbers, fewer rows on a side have no spread."""


@dataclass(frozen=True)
class Parts:
    """Row numbers of the three sides, ascending; `optimistic` if groups stand on several."""

    train: Rows
    validation: Rows
    holdout: Rows
    protocol: str
    optimistic: bool

    def shares(self) -> dict[str, float]:
        """The share of all rows that each side really has."""
        sides = {"train": self.train, "validation": self.validation, "holdout": self.holdout}
        rows = sum(len(side) for side in sides.values())
        return {name: len(side) / rows for name, side in sides.items()}


def split(frame: pd.DataFrame, split: Split, seed: int, *, numbers: bool = False) -> Parts:
    """Part a cleaned frame's rows into train, validation and holdout.

    'grouped' uses the groups and the salt, never `seed`; 'random' is the reference protocol, whose
    figures flatter. numbers: the label is no class. DataError if a side lacks a class, or rows.
    """
    if split.protocol == "grouped":
        parts = _by_group(frame["group"], split)
    else:
        parts = _at_random(len(frame), split, seed)
    label = frame["label"].to_numpy()
    groups = int(frame["group"].nunique())
    for name in ("train", "validation", "holdout"):
        found = label[getattr(parts, name)]
        classes = np.unique(found)
        if len(found) < LEAST if numbers else len(classes) < 2:
            only = (
                f"{len(found) or 'no'} rows" if len(found) < LEAST else f"only class {classes[0]}"
            )
            raise DataError(
                f"the {name} side has {only}: {len(frame):,} rows in {groups:,} groups are too few "
                "to part. Add rows of other groups, change split.holdout or split.validation, or "
                "set another split.salt"
            )
    return parts


def fold_of(groups: Any, folds: int, salt: str) -> Rows:
    """The fold (0 … folds - 1) of every row, by a stable hash of its group."""
    return (_places(groups, f"{salt}/fold") * folds).astype(np.int64)


def _by_group(groups: pd.Series[Any], split: Split) -> Parts:
    held = _places(groups, f"{split.salt}/holdout") < split.holdout
    checked = ~held & (_places(groups, f"{split.salt}/validation") < split.validation)
    return Parts(
        train=np.flatnonzero(~held & ~checked),
        validation=np.flatnonzero(checked),
        holdout=np.flatnonzero(held),
        protocol="grouped",
        optimistic=False,
    )


def _at_random(rows: int, split: Split, seed: int) -> Parts:
    from sklearn.model_selection import train_test_split

    try:
        rest, holdout = train_test_split(
            np.arange(rows), test_size=split.holdout, random_state=seed
        )
        train, validation = train_test_split(rest, test_size=split.validation, random_state=seed)
    except ValueError as cause:
        raise DataError(f"{rows} rows are too few to part: {cause}; add rows") from cause
    return Parts(np.sort(train), np.sort(validation), np.sort(holdout), "random", optimistic=True)


def _places(groups: Any, salt: str) -> npt.NDArray[np.float64]:
    """A number in [0, 1) for every row, the same for equal groups, on every machine."""
    column = pa.array(groups, from_pandas=True)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    if column.null_count:
        raise DataError(f"{column.null_count:,} rows have no group; clean the data first")
    key = hashlib.blake2b(salt.encode(), digest_size=32).digest()
    drawn = b"".join(
        hashlib.blake2b(str(group).encode(), digest_size=8, key=key).digest()
        for group in column.dictionary.to_pylist()
    )
    # 53 bits, so that the quotient is exact and below 1
    numbers = (np.frombuffer(drawn, "<u8") >> np.uint64(11)).astype(np.float64) / 2.0**53
    places: npt.NDArray[np.float64] = numbers[pc.cast(column.indices, pa.int64()).to_numpy()]
    return places
