"""The decision threshold: chosen on validation rows for a false-positive rate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.evaluation.ranking import Ranking
from switchyard.records import Record

CAP = 10
"""So many negatives of one group count at the most."""


class Threshold(Record):
    """Rows with score ≥ value are called positive; the rates are those of the validation rows.

    None stands for a rate that the validation rows cannot tell. note: how it came about.
    """

    value: float
    false_positive_rate: float | None
    recall: float | None
    note: str


def choose_threshold(
    y: Any, score: Any, max_false_positive_rate: float, groups: Any = None, *, unit: str = "domain"
) -> Threshold:
    """The lowest score whose false-positive rate is not above the allowed one.

    groups: the key of each row (its registered domain), which `unit` is the word for; of one group
    at most `CAP` negatives count, in equal parts, so that one large site does not set the threshold
    for all others. Rows with equal scores fall on one side. Where even the highest score has too
    many negatives, the threshold lies above every score; without a negative row it is 0.5. `note`
    says so.
    """
    ranking = Ranking(y, score)
    if ranking.negatives == 0:
        return Threshold(
            value=0.5,
            false_positive_rate=None,
            recall=_share(ranking.labels[ranking.scores >= 0.5].sum(), ranking.positives),
            note="0.5, not chosen: no validation row is negative, so that no rate can be measured",
        )
    scores, above, _ = ranking.steps()
    wrong = _wrong(np.asarray(y), np.asarray(score, dtype=np.float64), scores, groups)
    allowed = np.flatnonzero(wrong <= max_false_positive_rate)
    told = f"at most {100 * max_false_positive_rate:g} % of negatives called positive"
    seen = f"{ranking.negatives:,} negative validation rows"
    if groups is not None:
        seen += f" (of one {unit} at most {CAP} count)"
    if len(allowed) == 0:
        return Threshold(
            value=math.nextafter(float(scores[0]), math.inf),
            false_positive_rate=0.0,
            recall=_share(0, ranking.positives),
            note=f"above every score: no lower one keeps to {told} of {seen}",
        )
    step = int(allowed[-1])
    coarse = ranking.negatives * max_false_positive_rate < 1.0
    return Threshold(
        value=float(scores[step]),
        false_positive_rate=float(wrong[step]),
        recall=_share(above[step], ranking.positives),
        note=f"the lowest score with {told}, on {seen}"
        + ("; too few to tell such a rate from zero" if coarse else ""),
    )


def _wrong(labels: Any, scores: Any, steps: Any, groups: Any) -> npt.NDArray[np.float64]:
    """The share of negatives at or above each step, the steps descending."""
    negative = labels == 0
    held = scores[negative]
    weights = np.ones(len(held))
    if groups is not None:
        codes = np.unique(np.asarray(groups, dtype=object)[negative], return_inverse=True)[1]
        sizes = np.bincount(codes)
        weights = np.minimum(1.0, CAP / sizes)[codes]
    order = np.argsort(-held, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    # up to rounding, so that a rate of exactly 1 is not above 1
    share: npt.NDArray[np.float64] = total[np.searchsorted(-held[order], -steps, side="right")]
    rates: npt.NDArray[np.float64] = np.minimum(share / total[-1], 1.0)
    return rates


def _share(part: Any, whole: int) -> float | None:
    return float(part) / whole if whole else None
