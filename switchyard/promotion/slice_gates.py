"""The gate on slices: no part of the rows may lose more than its allowance."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from switchyard.configuration.model import Promotion
from switchyard.evaluation.slices import parts_of
from switchyard.promotion.gates import gate
from switchyard.promotion.records import Contender, Gate

CHANCE = 0.05
"""How likely chance alone may fail some slice of a challenger that is as good as the champion."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, order=True)
class _Fall:
    """drop: what a slice loses; likelihood: of such a loss by chance alone."""

    drop: float
    name: str
    rows: int
    likelihood: float


def slices(
    challenger: Contender,
    champion: Contender,
    y: npt.NDArray[Any],
    columns: pd.DataFrame,
    promotion: Promotion,
    min_rows: int,
    measured: Mask | None = None,
) -> Gate:
    """Fails when a slice loses more than its allowance and chance does not explain it.

    What it loses is accuracy; of a regression, the share by which its mean absolute error grows.
    measured: the rows that are looked at, None for all. Chance: an exact sign test on the rows
    where the two differ, or a paired t-test of the errors, at `CHANCE` over all slices.
    """
    numbers = challenger.threshold is None
    fall_of = (_errors if numbers else _mistakes)(challenger, champion, y)
    falls = []
    for family, name, part in parts_of(columns):
        rows = part if measured is None else part & measured
        if rows.sum() >= max(min_rows, 2):
            drop, likelihood = fall_of(rows)
            falls.append(_Fall(drop, f"{family} {name}", int(rows.sum()), likelihood))
    if not falls:
        told = f"no slice has {min_rows} rows, so that none is compared"
        return gate("slices", True, None, promotion.max_slice_drop, told)
    beyond = [fall for fall in falls if fall.drop > promotion.max_slice_drop]
    failed = [fall for fall in beyond if fall.likelihood < CHANCE / len(falls)]
    worst = max(failed or beyond or falls)
    change = f"'{worst.name}' ({worst.rows:,} rows) changes by "
    if numbers:
        change += f"{100 * worst.drop:+.1f} % in mean absolute error"
        allowed = f"{100 * promotion.max_slice_drop:g} % more are allowed"
    else:
        change += f"{-worst.drop:+.4f} in accuracy"
        allowed = f"{promotion.max_slice_drop:g} may be lost"
    if failed:
        told = f"slice {change}; {allowed}"
    elif beyond:
        told = f"the worst slice, {change}, beyond what may be ({allowed}), but within chance"
    else:
        told = f"the worst slice, {change}; {allowed}"
    return gate("slices", not failed, worst.drop, promotion.max_slice_drop, told)


def _mistakes(
    challenger: Contender, champion: Contender, y: npt.NDArray[Any]
) -> Callable[[Mask], tuple[float, float]]:
    right = (np.asarray(challenger.scores) >= challenger.threshold) == y
    was_right = (np.asarray(champion.scores) >= champion.threshold) == y
    lost, won = was_right & ~right, right & ~was_right

    def fall(rows: Mask) -> tuple[float, float]:
        from scipy.stats import binom

        losses, wins = int(lost[rows].sum()), int(won[rows].sum())
        chance = float(binom.sf(losses - 1, losses + wins, 0.5))
        return (losses - wins) / int(rows.sum()), chance

    return fall


def _errors(
    challenger: Contender, champion: Contender, y: npt.NDArray[Any]
) -> Callable[[Mask], tuple[float, float]]:
    now = np.abs(np.asarray(challenger.scores) - y)
    before = np.abs(np.asarray(champion.scores) - y)

    def fall(rows: Mask) -> tuple[float, float]:
        from scipy.stats import ttest_rel

        growth = float(now[rows].mean() - before[rows].mean())
        usual = float(before[rows].mean())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of differences that are all alike
            chance = float(ttest_rel(now[rows], before[rows], alternative="greater").pvalue)
        if np.isnan(chance):
            chance = 1.0 if growth <= 0 else 0.0
        if usual == 0.0:
            return (0.0 if growth <= 0 else 1.0), chance
        return growth / usual, chance

    return fall
