"""The decision: pure functions from two models' scores to a record of why."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from switchyard.configuration.model import Promotion
from switchyard.errors import RequestError
from switchyard.evaluation.intervals import Interval, paired_difference, values_of
from switchyard.promotion import gates as conditions
from switchyard.promotion.recency import sides
from switchyard.promotion.records import Contender, Decision, Gate, Model
from switchyard.promotion.slice_gates import slices


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
    recent: Any = None,
    rolled_back: str = "",
    outgrown: Gate | None = None,
    created: datetime | None = None,
) -> Decision:
    """Compare both on the same holdout rows; every gate must pass for a promotion.

    y: 0/1, or numbers; columns: slices of the rows; latency_us, size_mb: of the challenger; groups:
    as in `bootstrap`; recent: which rows are `recent_rows`; rolled_back: why this version was
    rolled back before, if it was; outgrown: the gate on a champion that is not compared. Without
    one, floors and budgets decide.
    """
    numbers = challenger.threshold is None
    conditions.check_names(promotion, numbers=numbers)
    labels, found = np.asarray(y), _told(challenger, y)
    gates = [
        *conditions.check_floors(found.metrics, promotion, numbers=numbers),
        conditions.budget("latency", latency_us, promotion.max_latency_us, "µs for one instance"),
        conditions.budget("size", size_mb, promotion.max_size_mb, "MB of package"),
    ]
    if rolled_back:
        gates.append(conditions.not_rolled_back(rolled_back))
    if outgrown is not None:
        gates.append(outgrown)
    interval = rest = parted = None
    if champion is not None:
        same = conditions.same_model(challenger, champion)
        told = "answers as the champion does" if same else "is another model than the champion"
        gates.append(conditions.gate("identity", not same, None, None, f"the challenger {told}"))
        gates.append(conditions.provenance(challenger, champion))
        if not same and not (champion.synthetic and not challenger.synthetic):
            compare = _Comparison(
                challenger, champion, labels, groups, promotion.metric, resamples, confidence, seed
            )
            parted = sides(labels, recent, promotion)
            interval = compare.on(parted.measured if parted else None)
            if parted is None:
                gates.append(conditions.improvement(interval, promotion))
            else:
                rest = compare.on(parted.rest)
                gates.append(conditions.recent_improvement(interval, promotion, parted.told))
                gates.append(conditions.no_loss(rest, promotion))
            gates.append(
                slices(
                    challenger,
                    champion,
                    labels,
                    columns,
                    promotion,
                    min_slice_rows,
                    ~parted.rest if parted else None,
                )
            )
    promoted = all(gate.passed for gate in gates)
    return Decision(
        promoted=promoted,
        summary=_summary(promoted, champion, gates, outgrown),
        metric=promotion.metric,
        interval=interval,
        gates=tuple(gates),
        challenger=found,
        champion=None if champion is None else _told(champion, labels),
        created=(created or datetime.now(UTC)).isoformat(timespec="seconds"),
        rest=rest,
        **({"rows": parted.told} if parted else {}),
    )


@dataclass(frozen=True, eq=False)
class _Comparison:
    """The paired difference of two contenders, on any of the rows; of errors as a share."""

    challenger: Contender
    champion: Contender
    labels: npt.NDArray[Any]
    groups: Any
    metric: str
    resamples: int
    confidence: float
    seed: int

    def on(self, rows: npt.NDArray[np.bool_] | None) -> Interval:
        """Of the rows of a mask, or of all."""
        taken = np.ones(len(self.labels), bool) if rows is None else rows
        champion = self.champion.measured(self.labels, taken)
        gain = paired_difference(
            self.challenger.measured(self.labels, taken),
            champion,
            self.metric,
            resamples=self.resamples,
            confidence=self.confidence,
            seed=self.seed,
            groups=None if self.groups is None else np.asarray(self.groups)[taken],
        )
        if self.metric not in conditions.SHARES:
            return gain
        error = values_of(champion).get(self.metric)
        if not error or gain.value is None or gain.low is None or gain.high is None:
            return gain
        return Interval(value=gain.value / error, low=gain.low / error, high=gain.high / error)


def latency_us(scores: Callable[[Any], Any], rows: Sequence[Any], calls: int = 200) -> float:
    """Median time to score one instance, in microseconds, after a warm-up.

    rows: each holds one row, as the model takes them.
    """
    if len(rows) == 0:
        raise RequestError("latency needs at least one row to call the model with")
    for one in rows[:5]:
        scores(one)
    taken = []
    for call in range(calls):
        one = rows[call % len(rows)]
        began = time.perf_counter_ns()
        scores(one)
        taken.append(time.perf_counter_ns() - began)
    return statistics.median(taken) / 1000.0


def _told(contender: Contender, y: Any) -> Model:
    return Model(
        name=contender.name,
        version=contender.version,
        content_sha256=contender.content_sha256,
        metrics=values_of(contender.measured(y)),
    )


def _summary(
    promoted: bool, champion: Contender | None, gates: list[Gate], outgrown: Gate | None
) -> str:
    failed = [gate.sentence for gate in gates if not gate.passed]
    if promoted:
        before = "there was no champion" if champion is None else "it passed every gate"
        return f"Promoted: {outgrown.sentence if outgrown else before}."
    kept = "The champion is kept" if champion or outgrown else "No champion"
    return f"{kept}: {'; '.join(failed)}."
