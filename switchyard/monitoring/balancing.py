"""Which rows of a window are compared with which of the reference.

Live traffic seldom has the balance of the training data, and that alone is no drift. So the share
of the positive class in the window is estimated, the reference is drawn to it, and of both sides
come as many rows of each decision: drift of the rarer class is then not thinned out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_LEAST_SKILL = 0.1
"""Recall must exceed the false-positive rate by so much, or decisions tell nothing of classes."""


class Sides(NamedTuple):
    """Numbers of the rows to compare, ascending."""

    window: Rows
    reference: Rows


def balance(
    window: Flags, reference: Flags, truth: Flags, least: int, most: int, seed: int = 0
) -> Sides:
    """Draw rows by what was decided of them (True: positive).

    truth: the true classes of the reference. With `least` rows or more of each decision on both
    sides, as many of each are compared; else the window's rows as they are, with the reference in
    the same balance. most: rows of the window that are compared.
    """
    random = np.random.default_rng(seed)
    pools = [
        _draw_classes(random, reference == decision, truth, _weights(window, reference, truth))
        for decision in (True, False)
    ]
    sides = [np.flatnonzero(window), np.flatnonzero(~window)]
    fewer = min(map(len, sides))
    if min(fewer, *map(len, pools)) >= least:
        chosen = [_draw(random, side, min(fewer, most // 2)) for side in sides]
    else:
        share = min(1.0, most / max(1, len(window)))
        chosen = [_draw(random, side, round(len(side) * share)) for side in sides]
    rows = np.sort(np.concatenate(chosen))
    counts = list(map(len, chosen))
    scale = min(
        (len(pool) / count for pool, count in zip(pools, counts, strict=True) if count), default=0.0
    )
    if scale == 0.0:  # of one decision the reference has no row, or the window is empty
        return Sides(rows, np.arange(len(reference)))
    drawn = [
        _draw(random, pool, round(count * scale)) for pool, count in zip(pools, counts, strict=True)
    ]
    return Sides(rows, np.sort(np.concatenate(drawn)))


def draw_evenly(window: int, reference: int, most: int, seed: int = 0) -> Sides:
    """Rows of both sides where there are no classes: all, but of the window `most` at the most."""
    random = np.random.default_rng(seed)
    return Sides(np.sort(_draw(random, np.arange(window), most)), np.arange(reference))


def positive_class_share(window: Flags, reference: Flags, truth: Flags) -> float | None:
    """The share of the positive class in a window, by its decisions; None where they tell nothing.

    Decisions in the window = share · recall + (1 - share) · false-positive rate, with both rates as
    they are in the reference.
    """
    if truth.all() or not truth.any() or not len(window):
        return None
    recall, false_positives = reference[truth].mean(), reference[~truth].mean()
    if recall - false_positives < _LEAST_SKILL:
        return None
    share = (window.mean() - false_positives) / (recall - false_positives)
    return float(np.clip(share, 0.0, 1.0))


def _weights(window: Flags, reference: Flags, truth: Flags) -> tuple[float, float]:
    """How much each class of the reference must count: the negative one, the positive one."""
    share = positive_class_share(window, reference, truth)
    if share is None:
        return 1.0, 1.0
    own = float(truth.mean())
    return (1.0 - share) / (1.0 - own), share / own


def _draw_classes(
    random: np.random.Generator, among: Flags, truth: Flags, weights: tuple[float, float]
) -> Rows:
    """Rows of the reference, each class in proportion to its weight; all where that leaves none."""
    classes = [np.flatnonzero(among & (truth == value)) for value in (False, True)]
    heaviest = max(
        (weight for rows, weight in zip(classes, weights, strict=True) if len(rows)), default=0.0
    )
    if heaviest == 0.0:
        return np.concatenate(classes)
    return np.concatenate(
        [
            _draw(random, rows, round(len(rows) * weight / heaviest))
            for rows, weight in zip(classes, weights, strict=True)
        ]
    )


def _draw(random: np.random.Generator, rows: Rows, count: int) -> Rows:
    return rows if count >= len(rows) else random.choice(rows, count, replace=False)
