"""Which holdout rows a gain is measured on, after traffic has changed.

Among years of old rows a gain on today's traffic drowns. Where feedback has brought recent rows
into the holdout, the gain is measured on them; all other rows only guard against loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.configuration.model import Promotion
from switchyard.data.notices import RECENT_FEEDBACK
from switchyard.evaluation.metrics import LEAST_FALSE_POSITIVES, METRICS, NUMBER_METRICS

LEAST = 20
"""Recent rows of a class that suffice, where the metric needs both and no rate asks for more."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sides:
    """measured: the rows that must show a gain; rest: those that must not show a loss.

    told: what `measured` is, for a sentence.
    """

    measured: Mask
    rest: Mask
    told: str


def recent_rows(sources: Any) -> Mask:
    """Which rows came by feedback within the newest windows, by their source column."""
    found: Mask = np.asarray(sources, dtype=object) == RECENT_FEEDBACK
    return found


def sides(labels: npt.NDArray[Any], recent: Any, promotion: Promotion) -> Sides | None:
    """The two sides; None when too few rows are recent, or no others are there.

    Of a class that has too few recent rows to measure the metric, the older rows join them: recall
    at a false-positive rate needs many negatives, and labels come for positives first.
    """
    if recent is None:
        return None
    new: Mask = np.asarray(recent, bool)
    rows = int(new.sum())
    if rows < promotion.min_recent_rows or rows == len(new):
        return None
    if promotion.metric in NUMBER_METRICS:
        return Sides(new, ~new, f"{rows:,} recent rows")
    metric = METRICS[promotion.metric]
    negatives = LEAST if metric.rate is None else math.ceil(LEAST_FALSE_POSITIVES / metric.rate)
    needed = {
        1: LEAST if metric.both_classes or metric.positives else 0,
        0: negatives if metric.both_classes else 0,
    }
    measured, joined = new.copy(), []
    for label, least in needed.items():
        there = int((new & (labels == label)).sum())
        if there < least:
            measured |= labels == label
            older = int((~new & (labels == label)).sum())
            joined.append(f"{older:,} older {'positive' if label else 'negative'} rows")
    told = f"{rows:,} recent rows" + (f" and {' and '.join(joined)}" if joined else "")
    return Sides(measured, ~new, told)
