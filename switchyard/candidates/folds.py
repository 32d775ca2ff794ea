"""Which rows tuning looks at and how it folds them: the same whatever the order of the rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from switchyard.errors import DataError

HASH_KEY = "tuning-sample-01"
Fold = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


def sample_rows(
    rows: Iterable[Any], groups: Iterable[Any] | None, max_rows: int
) -> npt.NDArray[np.int64]:
    """Positions of at most `max_rows` rows, whole groups only, in an order that the rows decide.

    Groups are taken by the hash of their key while they fit: other row orders, and rows added to
    other groups, leave a group's rank as it is.
    """
    row_hashes = _hashes(rows)
    if groups is None:
        chosen = np.argsort(row_hashes, kind="stable")[:max_rows]
    else:
        hashes, member, sizes = np.unique(_hashes(groups), return_inverse=True, return_counts=True)
        taken = np.zeros(len(hashes), dtype=bool)
        room = max_rows
        for group, size in enumerate(sizes):  # np.unique sorts: this is the order of the hashes
            if size <= room:
                taken[group] = True
                room -= size
            if not room:
                break
        chosen = np.flatnonzero(taken[member])
    ordered: npt.NDArray[np.int64] = chosen[np.argsort(row_hashes[chosen], kind="stable")]
    return ordered


def make_folds(
    y: npt.NDArray[Any],
    groups: npt.NDArray[Any] | None,
    folds: int,
    seed: int,
    *,
    numbers: bool = False,
    stratified: bool = False,
) -> list[Fold]:
    """Cross-validation folds as (train, test) positions; groups stay together when given.

    numbers: y is no class; stratified: each fold gets its share of each class, as far as groups
    allow. DataError when there are too few rows, or a fold would lack a class.
    """
    if numbers and groups is None:
        if len(y) < 2 * folds:
            raise DataError(
                f"{len(y)} rows are too few for {folds} folds: lower tuning.folds or bring more "
                "data"
            )
        return list(KFold(folds, shuffle=True, random_state=seed).split(y))
    if groups is None:
        counts = np.unique(y, return_counts=True)[1]
        if len(counts) < 2 or counts.min() < folds:
            raise DataError(_too_few(f"each class needs {folds} rows", y))
        made = StratifiedKFold(folds, shuffle=True, random_state=seed).split(y, y)
        return [(train, test) for train, test in made]
    distinct = len(np.unique(groups))
    if distinct < folds:
        raise DataError(
            f"{folds} folds need as many groups, the rows have {distinct}: "
            "lower tuning.folds, raise tuning.max_rows or bring more data"
        )
    if stratified and not numbers:
        folder = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    else:
        folder = GroupKFold(folds)
    made = folder.split(y, y, groups)
    result = [(train, test) for train, test in made]
    if numbers:
        if min(len(test) for _, test in result) < 2:
            raise DataError(
                f"{len(y)} rows in {distinct} groups are too few for {folds} folds, of which one "
                "would have a single row: lower tuning.folds, raise tuning.max_rows or bring more "
                "data"
            )
        return result
    for train, test in result:
        if len(np.unique(y[train])) < 2 or len(np.unique(y[test])) < 2:
            raise DataError(_too_few("a fold of whole groups has one class only", y))
    return result


def _too_few(reason: str, y: npt.NDArray[Any]) -> str:
    classes, counts = np.unique(y, return_counts=True)
    held = ", ".join(
        f"{count} of class {kind}" for kind, count in zip(classes, counts, strict=True)
    )
    return (
        f"too few rows to cross-validate ({held}): {reason}; "
        "lower tuning.folds, raise tuning.max_rows or bring more data"
    )


def _hashes(values: Iterable[Any]) -> npt.NDArray[np.uint64]:
    if isinstance(values, np.ndarray) and values.ndim == 2:
        frame = pd.DataFrame(values, copy=False)
        hashed = pd.util.hash_pandas_object(frame, index=False, hash_key=HASH_KEY)
        return np.asarray(hashed, dtype=np.uint64)
    keys = np.asarray([str(value) for value in values], dtype=object)
    return np.asarray(pd.util.hash_array(keys, hash_key=HASH_KEY), dtype=np.uint64)
