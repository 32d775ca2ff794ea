"""Promotion: does the challenger take the champion's place? Pure functions, and a record of why."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from switchyard.configuration.model import Promotion
from switchyard.errors import RequestError
from switchyard.evaluation.intervals import Interval, paired_difference
from switchyard.evaluation.metrics import METRICS, find, measure_all
from switchyard.evaluation.ranking import check_scored
from switchyard.records import Record

CHANCE = 0.05
"""How likely chance alone may fail some slice of a challenger that is as good as the champion."""


class Gate(Record):
    """One condition: what was found, what was allowed, and a sentence for people."""

    name: str
    passed: bool
    value: float | None
    limit: float | None
    sentence: str


class Model(Record):
    """A model as the record names it."""

    name: str
    version: int | None
    content_sha256: str
    metrics: Mapping[str, float]


class Decision(Record):
    """Whether the challenger is promoted, and every gate that was looked at.

    interval: how much better the challenger is by `metric`; None without a champion.
    """

    promoted: bool
    summary: str
    metric: str
    interval: Interval | None
    gates: tuple[Gate, ...]
    challenger: Model
    champion: Model | None
    created: str

    def to_markdown(self) -> str:
        """The record as text."""
        marks = {True: "passed", False: "**refused**"}
        rows = [f"| {gate.name} | {marks[gate.passed]} | {gate.sentence} |" for gate in self.gates]
        head = ["| gate | result | why |", "|---|---|---|"] if rows else []
        lines = ["# Decision", "", self.summary, "", *head, *rows, ""]
        return "\n".join([*lines, f"Made {self.created}, on the holdout of this run.", ""])

    @property
    def floors_passed(self) -> bool:
        """Whether the challenger may be registered at all."""
        return all(gate.passed for gate in self.gates if gate.name.startswith("floor:"))


@dataclass(frozen=True, eq=False)
class Contender:
    """A model and its probabilities on the holdout."""

    name: str
    content_sha256: str
    scores: Any
    threshold: float
    version: int | None = None
    synthetic: bool = False


def check_names(promotion: Promotion) -> None:
    """RequestError when the configuration names a metric that there is not."""
    find(promotion.metric, "promotion.metric")
    for name in promotion.floors:
        find(name, "promotion.floors")


def check_floors(metrics: Mapping[str, float | None], promotion: Promotion) -> list[Gate]:
    """A gate for each floor; of a metric where less is better the floor is a ceiling.

    A metric that could not be measured (None, NaN or absent) does not pass.
    """
    check_names(promotion)
    gates = []
    for name, limit in promotion.floors.items():
        metric, value = METRICS[name], metrics.get(name)
        if value is None or np.isnan(value):
            told = f"{metric.title} cannot be measured on these rows, but must reach {limit:g}"
            gates.append(_gate(f"floor:{name}", False, None, limit, told))
            continue
        passed = metric.gain(value, limit) >= 0
        side = "at least" if metric.greater_is_better else "at most"
        verb = "is" if passed else "is not"
        told = f"{metric.title} {value:.4f} {verb} {side} {limit:g}"
        gates.append(_gate(f"floor:{name}", passed, value, limit, told))
    return gates


def decide(
    challenger: Contender,
    champion: Contender | None,
    y: Any,
    columns: pd.DataFrame,
    *,
    latency_us: float,
    size_mb: float,
    promotion: Promotion,
    seed: int,
    groups: Any = None,
    resamples: int = 500,
    confidence: float = 0.95,
    min_slice_rows: int = 50,
    created: datetime | None = None,
) -> Decision:
    """Compare both on the same holdout rows; every gate must pass for a promotion.

    y: 0/1; columns: `slice_columns` of the rows; latency_us, size_mb: of the challenger; groups: as
    in `bootstrap`. Without a champion, floors and budgets decide.
    """
    check_names(promotion)
    labels, _ = check_scored(y, challenger.scores)
    found = _told(challenger, labels)
    gates = [
        *check_floors(found.metrics, promotion),
        _budget("latency", latency_us, promotion.max_latency_us, "µs for one instance"),
        _budget("size", size_mb, promotion.max_size_mb, "MB of package"),
    ]
    interval = None
    if champion is not None:
        same = champion.content_sha256 == challenger.content_sha256
        told = "is the champion itself" if same else "is another model than the champion"
        gates.append(_gate("identity", not same, None, None, f"the challenger {told}"))
        gates.append(_provenance(challenger, champion))
        if not same and not (champion.synthetic and not challenger.synthetic):
            interval = paired_difference(
                labels,
                challenger.scores,
                challenger.threshold,
                champion.scores,
                champion.threshold,
                promotion.metric,
                resamples=resamples,
                confidence=confidence,
                seed=seed,
                groups=groups,
            )
            gates.append(_improvement(interval, promotion))
            gates.append(_slices(challenger, champion, labels, columns, promotion, min_slice_rows))
    promoted = all(gate.passed for gate in gates)
    return Decision(
        promoted=promoted,
        summary=_summary(promoted, champion, gates),
        metric=promotion.metric,
        interval=interval,
        gates=tuple(gates),
        challenger=found,
        champion=None if champion is None else _told(champion, labels),
        created=(created or datetime.now(UTC)).isoformat(timespec="seconds"),
    )


def latency_us(estimator: Any, urls: Sequence[str], calls: int = 200) -> float:
    """Median time of `predict_proba` on one instance, in microseconds, after a warm-up."""
    if len(urls) == 0:
        raise RequestError("latency needs at least one URL to call the model with")
    texts = [str(url) for url in urls[:calls]]
    for text in texts[:5]:
        estimator.predict_proba([text])
    taken = []
    for call in range(calls):
        one = [texts[call % len(texts)]]
        began = time.perf_counter_ns()
        estimator.predict_proba(one)
        taken.append(time.perf_counter_ns() - began)
    return statistics.median(taken) / 1000.0


def _provenance(challenger: Contender, champion: Contender) -> Gate:
    """A model of generated rows gives way to one of real rows, and never takes its place."""
    sides = {
        (False, False): "both learnt from real data",
        (True, True): "both learnt from a synthetic sample",
        (False, True): "the challenger learnt from real data, the champion from a synthetic "
        "sample: it gives way without a comparison",
        (True, False): "the challenger learnt from a synthetic sample, the champion from real data",
    }
    told = sides[challenger.synthetic, champion.synthetic]
    return _gate("provenance", champion.synthetic or not challenger.synthetic, None, None, told)


def _improvement(interval: Interval, promotion: Promotion) -> Gate:
    title = METRICS[promotion.metric].title
    if interval.value is None or interval.low is None or interval.high is None:
        told = f"{title} cannot be compared: these rows or resamples are too few to measure it"
        return _gate("improvement", False, None, promotion.margin, told)
    passed = interval.low > promotion.margin
    told = (
        f"{title} is better by {interval.value:+.4f} ({interval.low:+.4f} to {interval.high:+.4f});"
        f" the lower end {'exceeds' if passed else 'does not exceed'} {promotion.margin:g}"
    )
    return _gate("improvement", passed, interval.low, promotion.margin, told)


def _slices(
    challenger: Contender,
    champion: Contender,
    labels: npt.NDArray[np.uint8],
    columns: pd.DataFrame,
    promotion: Promotion,
    min_rows: int,
) -> Gate:
    """Fails when a slice loses more than its allowance and chance does not explain it.

    Chance: an exact sign test on the rows where the two differ, at `CHANCE` over all slices.
    """
    right = (np.asarray(challenger.scores) >= challenger.threshold) == labels
    was_right = (np.asarray(champion.scores) >= champion.threshold) == labels
    lost, won = was_right & ~right, right & ~was_right
    falls = []
    for family in columns:
        coded = columns[family].astype("category").cat
        codes = coded.codes.to_numpy()
        for code, name in enumerate(coded.categories):
            rows = codes == code
            size = int(rows.sum())
            if size >= min_rows:
                losses, wins = int(lost[rows].sum()), int(won[rows].sum())
                falls.append(((losses - wins) / size, f"{family} {name}", size, losses, wins))
    if not falls:
        told = f"no slice has {min_rows} rows, so that none is compared"
        return _gate("slices", True, None, promotion.max_slice_drop, told)
    beyond = [fall for fall in falls if fall[0] > promotion.max_slice_drop]
    failed = [fall for fall in beyond if _likelihood(fall[3], fall[4]) < CHANCE / len(falls)]
    drop, name, size, *_ = max(failed or beyond or falls)
    change = f"'{name}' ({size:,} rows) changes by {-drop:+.4f} in accuracy"
    allowed = f"{promotion.max_slice_drop:g} may be lost"
    if failed:
        told = f"slice {change}; {allowed}"
    elif beyond:
        told = f"the worst slice, {change}, more than the {allowed}, but within chance"
    else:
        told = f"the worst slice, {change}; {allowed}"
    return _gate("slices", not failed, drop, promotion.max_slice_drop, told)


def _likelihood(losses: int, wins: int) -> float:
    """Of so many losses or more among the rows that changed, were losses and wins as likely."""
    from scipy.stats import binom

    return float(binom.sf(losses - 1, losses + wins, 0.5))


def _told(contender: Contender, labels: npt.NDArray[np.uint8]) -> Model:
    values = measure_all(labels, contender.scores, contender.threshold)
    positives = int(labels.sum())
    return Model(
        name=contender.name,
        version=contender.version,
        content_sha256=contender.content_sha256,
        metrics={
            name: value
            for name, value in values.items()
            if not METRICS[name].unmeasurable(positives, len(labels) - positives)
        },
    )


def _budget(name: str, value: float, limit: float, unit: str) -> Gate:
    passed = value <= limit
    told = f"{name}: {value:,.1f} {unit}, {'within' if passed else 'above'} the {limit:,g} allowed"
    return _gate(name, passed, value, limit, told)


def _gate(name: str, passed: Any, value: float | None, limit: float | None, told: str) -> Gate:
    return Gate(name=name, passed=bool(passed), value=value, limit=limit, sentence=told)


def _summary(promoted: bool, champion: Contender | None, gates: list[Gate]) -> str:
    failed = [gate.sentence for gate in gates if not gate.passed]
    if promoted:
        before = "there was no champion" if champion is None else "it passed every gate"
        return f"Promoted: {before}."
    kept = "No champion" if champion is None else "The champion is kept"
    return f"{kept}: {'; '.join(failed)}."
