"""Bootstrap intervals: how far a figure would move had chance drawn other rows.

Rows that share a group (a registered domain) are drawn together where groups are given: they are
not independent, and intervals that take them to be are too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.errors import DataError
from switchyard.evaluation.metrics import METRICS, find
from switchyard.evaluation.ranking import MEASURES, Counts, Floats, Ranking
from switchyard.records import Record


class Interval(Record):
    """A figure on all the rows, and the ends of its interval; None where it cannot be measured."""

    value: float | None
    low: float | None = None
    high: float | None = None


def bootstrap(
    y: Any,
    score: Any,
    threshold: float,
    *,
    resamples: int,
    confidence: float,
    seed: int,
    groups: Any = None,
) -> dict[str, Interval]:
    """Percentile intervals of every metric in `METRICS`, by name.

    A resample in which a metric is undefined (one class only) does not count for that metric.
    """
    ranking = Ranking(y, score)
    whole = ranking.measure(threshold)
    drawn = [
        ranking.measure(threshold, counts)
        for counts in draws(ranking.rows, resamples, seed, groups)
    ]
    table = np.array(drawn).reshape(resamples, len(MEASURES))
    found = {}
    for name, metric in METRICS.items():
        if metric.unmeasurable(ranking.positives, ranking.negatives):
            found[name] = Interval(value=None)
            continue
        column = MEASURES.index(name)
        low, high = _ends(table[:, column], confidence)
        found[name] = Interval(value=float(whole[column]), low=low, high=high)
    return found


def paired_difference(
    y: Any,
    score_a: Any,
    threshold_a: float,
    score_b: Any,
    threshold_b: float,
    metric: str,
    *,
    resamples: int,
    confidence: float,
    seed: int,
    groups: Any = None,
) -> Interval:
    """How much better a is than b by `metric`, on the same resamples; negative when a is worse.

    Of a metric where less is better, b minus a is taken.
    """
    wanted = find(metric, "metric")
    a, b = Ranking(y, score_a), Ranking(y, score_b)
    if wanted.unmeasurable(a.positives, a.negatives):
        return Interval(value=None)
    column = MEASURES.index(metric)

    def gain(counts: Counts | None) -> float:
        return wanted.gain(
            float(a.measure(threshold_a, counts)[column]),
            float(b.measure(threshold_b, counts)[column]),
        )

    gains = np.array([gain(counts) for counts in draws(a.rows, resamples, seed, groups)])
    low, high = _ends(gains, confidence)
    return Interval(value=gain(None), low=low, high=high)


def draws(rows: int, resamples: int, seed: int, groups: Any = None) -> Iterator[Counts]:
    """How often each row is drawn, a resample at a time; the same seed gives the same ones."""
    generator = np.random.default_rng(seed)
    codes = None if groups is None else _codes(groups, rows)
    units = rows if codes is None else int(codes.max()) + 1
    for _ in range(resamples):
        picked = generator.integers(0, units, units, dtype=np.int32)
        counts = np.bincount(picked, minlength=units).astype(np.uint16)
        yield counts if codes is None else counts[codes]


def _codes(groups: Any, rows: int) -> npt.NDArray[np.intp]:
    import pandas as pd

    codes: npt.NDArray[np.intp] = pd.factorize(np.asarray(groups), use_na_sentinel=False)[0]
    if len(codes) != rows:
        raise DataError(f"{rows} rows came with {len(codes)} groups; pass one for each")
    return codes


def _ends(values: Floats, confidence: float) -> tuple[float | None, float | None]:
    defined = values[~np.isnan(values)]
    if len(defined) == 0:
        return None, None
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(defined, (tail, 1.0 - tail))
    return (float(low), float(high)) if math.isfinite(low) else (None, None)
