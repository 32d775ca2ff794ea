"""Bootstrap intervals: how far a figure would move had chance drawn other rows.

Rows that share a group (a registered domain) are drawn together where groups are given: they are
not independent, and intervals that take them to be are too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from switchyard.errors import DataError
from switchyard.evaluation.metrics import Metric, find
from switchyard.evaluation.ranking import Counts, Floats
from switchyard.records import Record


class Interval(Record):
    """A figure on all the rows, and the ends of its interval; None where it cannot be measured."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Measured(Protocol):
    """A model's answers beside the truth: `metrics.Decided` or `residuals.Residuals`."""

    @property
    def metrics(self) -> Mapping[str, Metric]: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def rows(self) -> int: ...
    @property
    def unmeasured(self) -> dict[str, str]: ...
    def measure(self, counts: Counts | None = None) -> Floats: ...


def values_of(measured: Measured) -> dict[str, float]:
    """Every metric by name, those left out that these rows cannot tell."""
    values = dict(zip(measured.names, measured.measure().tolist(), strict=True))
    return {
        name: values[name]
        for name in measured.metrics
        if name not in measured.unmeasured and values[name] == values[name]
    }


def bootstrap(
    measured: Measured, *, resamples: int, confidence: float, seed: int, groups: Any = None
) -> dict[str, Interval]:
    """Percentile intervals of every metric, by name.

    A resample in which a metric is undefined (one class only) does not count for that metric.
    """
    whole = measured.measure()
    drawn = [measured.measure(each) for each in draws(measured.rows, resamples, seed, groups)]
    table = np.array(drawn).reshape(resamples, len(measured.names))
    found, unmeasured = {}, measured.unmeasured
    for name in measured.metrics:
        if name in unmeasured:
            found[name] = Interval(value=None)
            continue
        column = measured.names.index(name)
        low, high = _ends(table[:, column], confidence)
        found[name] = Interval(value=float(whole[column]), low=low, high=high)
    return found


def paired_difference(
    a: Measured,
    b: Measured,
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
    wanted = find(metric, "metric", a.metrics)
    if metric in a.unmeasured:
        return Interval(value=None)
    column = a.names.index(metric)

    def gain(counts: Counts | None = None) -> float:
        return wanted.gain(float(a.measure(counts)[column]), float(b.measure(counts)[column]))

    gains = np.array([gain(counts) for counts in draws(a.rows, resamples, seed, groups)])
    low, high = _ends(gains, confidence)
    return Interval(value=gain(), low=low, high=high)


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
