"""From coded rows to features: categories one by one, numbers scaled, what is missing marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from switchyard.tables.arrays import checked, plain

Floats = npt.NDArray[np.float64]

_MOST_PLACES = 1_000_000

_CONSTANT = 1e-12
"""A deviation of less than this share of the mean is rounding."""

_BLOCK = 1_024
"""Rows that are encoded at a time."""


class TableEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns coded rows (`switchyard.tables.coding`) into numbers without gaps.

    A category becomes a column for each of its places; a number is put to mean 0 and deviation 1
    where `scale` is set. A missing number becomes the mean, a missing category none of the places;
    a column that had missing values in training gets one more that says where they were.

    sizes: how many places each input has, 0 for a number; None: all are numbers.
    Fitted state: `means_` and `scales_` (inputs,), of numbers; `gaps_`, the inputs that get a mark.
    """

    means_: Floats
    scales_: Floats
    gaps_: npt.NDArray[np.int64]

    def __init__(self, sizes: Sequence[int] | None = None, *, scale: bool = True) -> None:
        self.sizes = sizes
        self.scale = scale

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn means, scales and gaps; `y` is not looked at."""
        del y
        rows = self._checked(X, reset=True)
        missing = np.isnan(rows)
        known = np.maximum((~missing).sum(axis=0), 1)
        filled = np.where(missing, 0.0, rows)
        self.means_ = filled.sum(axis=0) / known
        spread = np.sqrt((np.where(missing, 0.0, rows - self.means_) ** 2).sum(axis=0) / known)
        lows = np.where(missing, np.inf, rows).min(axis=0)
        same = lows == np.where(missing, -np.inf, rows).max(axis=0)
        self.means_ = np.where(same, lows, self.means_)
        varies = ~same & (spread > _CONSTANT * np.abs(self.means_))
        self.scales_ = np.where(varies & self.scale, spread, 1.0)
        self.gaps_ = np.flatnonzero(missing.any(axis=0)).astype(np.int64)
        return self

    def transform(self, X: Any) -> Floats:
        """The features, (rows, width): those of each input in turn, then the marks."""
        check_is_fitted(self, "means_")
        rows = self._checked(X, reset=False)
        sizes = np.asarray(self._sizes(rows.shape[1]), np.int64)
        widths = np.maximum(sizes, 1)
        ends = np.cumsum(widths)
        found = np.zeros((len(rows), int(ends[-1]) + len(self.gaps_)))
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            self._encode(rows[part], sizes, ends - widths, found[part])
        return found

    def _encode(
        self, rows: Floats, sizes: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], out: Floats
    ) -> None:
        """Write the features of rows into zeros; starts: where the first of each input goes."""
        numbers, places = np.flatnonzero(sizes == 0), np.flatnonzero(sizes)
        values, means = rows[:, numbers], self.means_[numbers]
        values = np.where(np.isnan(values), means, values)
        if self.scale:
            values -= means
        values /= self.scales_[numbers]
        out[:, starts[numbers]] = values
        codes = rows[:, places]
        with np.errstate(invalid="ignore"):
            known = (codes >= 0) & (codes < sizes[places]) & (codes == np.floor(codes))
        of, column = np.nonzero(known)
        out[of, starts[places][column] + codes[known].astype(np.int64)] = 1.0
        out[:, out.shape[1] - len(self.gaps_) :] = np.isnan(rows[:, self.gaps_])

    def owners(self) -> npt.NDArray[np.int64]:
        """Which input each feature tells of."""
        check_is_fitted(self, "means_")
        sizes = self._sizes(len(self.means_))
        owned = [at for at, size in enumerate(sizes) for _ in range(max(size, 1))]
        return np.concatenate([np.array(owned, np.int64), self.gaps_])

    def _sizes(self, inputs: int) -> Sequence[int]:
        return [0] * inputs if self.sizes is None else self.sizes

    def _checked(self, X: Any, *, reset: bool) -> Floats:
        rows: Floats = (
            validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
            if reset
            else checked(self, X, gaps=True)
        )
        if self.sizes is not None and len(self.sizes) != rows.shape[1]:
            raise ValueError(f"rows have {rows.shape[1]} inputs, the encoder {len(self.sizes)}")
        return rows

    def __setstate__(self, state: dict[str, Any]) -> None:
        """ValueError for means, scales, gaps and sizes that do not fit the inputs."""
        super().__setstate__(state)
        if "means_" in state and not _sound(self, state.get("n_features_in_")):
            raise ValueError("the model's encoder is damaged: its parts do not fit together")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _sound(encoder: TableEncoder, width: Any) -> bool:
    sizes = encoder.sizes
    return (
        isinstance(width, int)
        and all(
            plain(values, np.float64) and len(values) == width
            for values in (encoder.means_, encoder.scales_)
        )
        and plain(encoder.gaps_, np.int64)
        and bool(((encoder.gaps_ >= 0) & (encoder.gaps_ < width)).all())
        and (
            sizes is None
            or (
                isinstance(sizes, list | tuple)
                and len(sizes) == width
                and all(type(size) is int and size >= 0 for size in sizes)
                and sum(sizes) <= _MOST_PLACES
            )
        )
    )
