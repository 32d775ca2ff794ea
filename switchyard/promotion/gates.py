"""The gates: conditions that a challenger must meet, each with a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from switchyard.configuration.model import Promotion
from switchyard.evaluation.intervals import Interval
from switchyard.evaluation.metrics import METRICS, NUMBER_METRICS, find, metrics_of
from switchyard.promotion.records import Contender, Gate

SHARES = frozenset({"rmse", "mae", "median_ae"})
"""Errors in the target's unit: margin and allowed loss are shares of the champion's."""


def check_names(promotion: Promotion, *, numbers: bool = False) -> None:
    """RequestError when the configuration names a metric that the kind of task has not."""
    metrics = metrics_of(numbers=numbers)
    find(promotion.metric, "promotion.metric", metrics)
    for name in promotion.floors:
        find(name, "promotion.floors", metrics)


def check_floors(
    metrics: Mapping[str, float | None], promotion: Promotion, *, numbers: bool = False
) -> list[Gate]:
    """A gate for each floor; of a metric where less is better the floor is a ceiling.

    A metric that could not be measured (None, NaN or absent) does not pass.
    """
    check_names(promotion, numbers=numbers)
    gates = []
    for name, limit in promotion.floors.items():
        metric, value = metrics_of(numbers=numbers)[name], metrics.get(name)
        if value is None or np.isnan(value):
            told = f"{metric.title} cannot be measured on these rows, but must reach {limit:g}"
            gates.append(gate(f"floor:{name}", False, None, limit, told))
            continue
        passed = metric.gain(value, limit) >= 0
        side = "at least" if metric.greater_is_better else "at most"
        if metric.towards_nought:
            side = "in size at most"
        verb = "is" if passed else "is not"
        told = f"{metric.title} {value:.4f} {verb} {side} {limit:g}"
        gates.append(gate(f"floor:{name}", passed, value, limit, told))
    return gates


def same_model(challenger: Contender, champion: Contender) -> bool:
    """Whether the two are one model: the same package, or the same decision on every row."""
    return challenger.content_sha256 == champion.content_sha256 or (
        challenger.threshold == champion.threshold
        and challenger.half_width == champion.half_width
        and np.array_equal(challenger.scores, champion.scores)
    )


def provenance(challenger: Contender, champion: Contender) -> Gate:
    """A model of generated rows gives way to one of real rows, and never takes its place."""
    sides = {
        (False, False): "both learnt from real data",
        (True, True): "both learnt from a synthetic sample",
        (False, True): "the challenger learnt from real data, the champion from a synthetic "
        "sample: it gives way without a comparison",
        (True, False): "the challenger learnt from a synthetic sample, the champion from real data",
    }
    told = sides[challenger.synthetic, champion.synthetic]
    return gate("provenance", champion.synthetic or not challenger.synthetic, None, None, told)


def improvement(interval: Interval, promotion: Promotion) -> Gate:
    """Passes when the gain's lower end exceeds the margin."""
    title = _titled(promotion)
    if interval.value is None or interval.low is None or interval.high is None:
        return _untold(title, promotion)
    passed = interval.low > promotion.margin
    told = (
        f"{title} is better by {_told(interval)};"
        f" the lower end {'exceeds' if passed else 'does not exceed'} {promotion.margin:g}"
    )
    return gate("improvement", passed, interval.low, promotion.margin, told)


def recent_improvement(interval: Interval, promotion: Promotion, rows: str) -> Gate:
    """After drift: passes when the gain exceeds the margin and a loss of `max_loss` is ruled out.

    rows: which ones it was measured on.
    """
    title = _titled(promotion, rows)
    if interval.value is None or interval.low is None or interval.high is None:
        return _untold(title, promotion)
    gains = interval.value > promotion.margin
    safe = interval.low >= -promotion.max_loss
    told = (
        f"{title} is better by {_told(interval)}; the gain "
        f"{'exceeds' if gains else 'does not exceed'} {promotion.margin:g}, "
        f"{'and' if gains == safe else 'but'} a loss of {promotion.max_loss:g} is "
        f"{'ruled out' if safe else 'not ruled out'}"
    )
    return gate("improvement", gains and safe, interval.value, promotion.margin, told)


def no_loss(interval: Interval, promotion: Promotion) -> Gate:
    """Passes unless the other rows lose more than `max_loss`.

    Rows that cannot tell of a loss do not fail: where `keep_months` has dropped all old rows of a
    class, no challenger could ever pass.
    """
    title = _titled(promotion, "all other rows")
    if interval.value is None:
        told = f"{title} cannot be measured: too few are left to lose anything on"
        return gate("no-loss", True, None, -promotion.max_loss, told)
    passed = -interval.value <= promotion.max_loss
    ends = "" if interval.low is None or interval.high is None else _ends(interval)
    told = f"{title} changes by {interval.value:+.4f}{ends}; {promotion.max_loss:g} may be lost"
    return gate("no-loss", passed, interval.value, -promotion.max_loss, told)


def not_rolled_back(reason: str) -> Gate:
    """Fails for a version that was tried on live requests and rolled back."""
    if not reason:
        return gate("live", True, None, None, "this version was not rolled back before")
    return gate("live", False, None, None, f"this version was rolled back before: {reason}")


def _titled(promotion: Promotion, rows: str = "") -> str:
    title = ({**METRICS, **NUMBER_METRICS})[promotion.metric].title
    if promotion.metric in SHARES:
        title += ", as a share of the champion's,"
    return title + (f" on {rows}" if rows else "")


def _untold(title: str, promotion: Promotion) -> Gate:
    told = f"{title} cannot be compared: these rows or resamples are too few to measure it"
    return gate("improvement", False, None, promotion.margin, told)


def _told(interval: Interval) -> str:
    return f"{interval.value:+.4f}{_ends(interval)}"


def _ends(interval: Interval) -> str:
    return f" ({interval.low:+.4f} to {interval.high:+.4f})"


def budget(name: str, value: float, limit: float, unit: str) -> Gate:
    passed = value <= limit
    told = f"{name}: {value:,.1f} {unit}, {'within' if passed else 'above'} the {limit:,g} allowed"
    return gate(name, passed, value, limit, told)


def gate(name: str, passed: Any, value: float | None, limit: float | None, told: str) -> Gate:
    return Gate(name=name, passed=bool(passed), value=value, limit=limit, sentence=told)
