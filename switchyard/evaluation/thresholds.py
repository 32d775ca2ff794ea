"""The decision threshold: chosen on validation rows for a false-positive rate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from switchyard.evaluation.ranking import Ranking
from switchyard.records import Record


class Threshold(Record):
    """Rows with score ≥ value are called positive; the rates are those of the validation rows.

    None stands for a rate that the validation rows cannot tell. note: how it came about.
    """

    value: float
    false_positive_rate: float | None
    recall: float | None
    note: str


def choose_threshold(y: Any, score: Any, max_false_positive_rate: float) -> Threshold:
    """The lowest score whose false-positive rate is not above the allowed one.

    Rows with equal scores fall on one side. Where even the highest score has too many negatives,
    the threshold lies above every score; without a negative row it is 0.5. `note` says so.
    """
    ranking = Ranking(y, score)
    if ranking.negatives == 0:
        return Threshold(
            value=0.5,
            false_positive_rate=None,
            recall=_share(ranking.labels[ranking.scores >= 0.5].sum(), ranking.positives),
            note="0.5, not chosen: no validation row is negative, so that no rate can be measured",
        )
    scores, above, wrong = ranking.steps()
    allowed = np.flatnonzero(wrong / ranking.negatives <= max_false_positive_rate)
    told = f"at most {100 * max_false_positive_rate:g} % of negatives called positive"
    seen = f"{ranking.negatives:,} negative validation rows"
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
        false_positive_rate=float(wrong[step]) / ranking.negatives,
        recall=_share(above[step], ranking.positives),
        note=f"the lowest score with {told}, on {seen}"
        + ("; too few to tell such a rate from zero" if coarse else ""),
    )


def _share(part: Any, whole: int) -> float | None:
    return float(part) / whole if whole else None
