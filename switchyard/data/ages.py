"""When rows were first seen, and which of them are too old to learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

LEAST = 10_000

_UNDATED = 999_999
"""Later than every month."""


def numbered(months: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    """Months ('YYYY-MM' or null) as numbers in their order; a missing one comes last."""
    told = [month.split("-") for month in months.dictionary.to_pylist()]
    numbers = np.array([*(12 * int(year) + int(month) for year, month in told), _UNDATED], np.int64)
    found: npt.NDArray[np.int64] = numbers[pc.fill_null(months.indices, len(told)).to_numpy()]
    return found


def seen_lately(
    months: pa.DictionaryArray, labels: npt.NDArray[Any], keep: int | None
) -> npt.NDArray[np.intp]:
    """Which rows are undated or of the last `keep` months; all where it is None.

    The newest of a thousand dated rows does not say where these end: its date may be wrong. Of each
    class the newest `LEAST` rows stay, however old they are: what is new may be little.
    """
    number = numbered(months)
    dated = number != _UNDATED
    if keep is None or not dated.any():
        return np.arange(len(number))
    before = np.quantile(number[dated], 0.999, method="lower") - keep
    stays = np.ones(len(number), np.bool_)
    for label in np.unique(labels):
        rows = np.flatnonzero((labels == label) & dated)
        if len(rows) > LEAST:
            newest = np.sort(number[rows])[-LEAST:]
            stays[rows] = number[rows] > min(before, newest[0] - 1)
    return np.flatnonzero(stays)
