"""The metrics by name: what each is, which way is better, when it cannot be measured.

Of classifications: y: 0/1 labels; score: probability of class 1; a row is called positive when
score ≥ threshold. Of regressions they are measured by `switchyard.evaluation.residuals`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from switchyard.errors import RequestError
from switchyard.evaluation.ranking import BINS, MEASURES, RATES, Counts, Floats, Ranking
from switchyard.nearest import suggestion

LEAST_FALSE_POSITIVES = 10
"""A rate is measured only where it allows so many false positives: fewer are mostly chance."""


@dataclass(frozen=True)
class Metric:
    """One metric. towards_nought: neither more nor less is better, but less in size."""

    name: str
    title: str
    greater_is_better: bool = True
    towards_nought: bool = False

    def gain(self, challenger: float, champion: float) -> float:
        """How much better the first value is than the second; negative when it is worse."""
        if self.towards_nought:
            return abs(champion) - abs(challenger)
        return challenger - champion if self.greater_is_better else champion - challenger


@dataclass(frozen=True)
class ClassMetric(Metric):
    """Of a classification: callable as metric(y, score, threshold); NaN where it is undefined."""

    rate: float | None = None
    both_classes: bool = False
    positives: bool = False

    def __call__(self, y: Any, score: Any, threshold: float = 0.5) -> float:
        return float(Ranking(y, score).measure(threshold)[MEASURES.index(self.name)])

    def unmeasurable(self, positives: int, negatives: int) -> str | None:
        """Why it cannot be measured on so many rows of each class; None when it can."""
        if (self.both_classes or self.positives) and positives == 0:
            return "there is no positive row"
        if self.both_classes and negatives == 0:
            return "there is no negative row"
        if self.rate is None:
            return None
        needed = math.ceil(round(LEAST_FALSE_POSITIVES / self.rate, 6))
        if negatives >= needed:
            return None
        return f"it needs {needed:,} negative rows, there are {negatives:,}"


def _recall_at(name: str, rate: float) -> ClassMetric:
    return ClassMetric(name, f"Recall at {100 * rate:g} % FPR", rate=rate, both_classes=True)


METRICS: Mapping[str, ClassMetric] = {
    metric.name: metric
    for metric in (
        ClassMetric("accuracy", "Accuracy"),
        ClassMetric("precision", "Precision"),
        ClassMetric("recall", "Recall", positives=True),
        ClassMetric("f1", "F1", positives=True),
        ClassMetric("roc_auc", "ROC-AUC", both_classes=True),
        ClassMetric("pr_auc", "PR-AUC", positives=True),
        *map(_recall_at, MEASURES[8:], RATES),
        ClassMetric("brier", "Brier score", greater_is_better=False),
        ClassMetric("ece", "Calibration error", greater_is_better=False),
    )
}
"""Those of classifications, in the order in which reports show them."""

NUMBER_METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("r2", "R²"),
        Metric("rmse", "RMSE", greater_is_better=False),
        Metric("mae", "Mean absolute error", greater_is_better=False),
        Metric("median_ae", "Median absolute error", greater_is_better=False),
        Metric("bias", "Bias", towards_nought=True),
        Metric("coverage", "Share within the interval"),
    )
}
"""Those of regressions; errors are in the target's unit."""


def metrics_of(*, numbers: bool) -> Mapping[str, Metric]:
    """All metrics of a kind of task."""
    return NUMBER_METRICS if numbers else METRICS


def find(name: str, key: str, metrics: Mapping[str, Metric] = METRICS) -> Metric:
    """The metric of that name; RequestError names the configuration `key` and the nearest name."""
    if name in metrics:
        return metrics[name]
    meant = suggestion(name, metrics)
    raise RequestError(f"{key}: '{name}' is no metric; {meant}There are {', '.join(metrics)}")


class Decided:
    """Scores beside the labels, and the threshold that they are decided by: measured as one."""

    metrics: Mapping[str, Metric] = METRICS
    names = MEASURES

    def __init__(self, y: Any, score: Any, threshold: float) -> None:
        self.ranking = Ranking(y, score)
        self.threshold = threshold
        self.rows = self.ranking.rows

    def measure(self, counts: Counts | None = None) -> Floats:
        """All of `names`; NaN where undefined. counts: how often each row is taken, once."""
        return self.ranking.measure(self.threshold, counts)

    @property
    def unmeasured(self) -> dict[str, str]:
        """Metric → why it cannot be measured on these rows."""
        reasons = {
            name: metric.unmeasurable(self.ranking.positives, self.ranking.negatives)
            for name, metric in METRICS.items()
        }
        return {name: reason for name, reason in reasons.items() if reason}


def measure_all(y: Any, score: Any, threshold: float) -> dict[str, float]:
    """Every metric by name, in the order of `METRICS`; NaN where undefined."""
    values = dict(zip(MEASURES, Ranking(y, score).measure(threshold), strict=True))
    return {name: float(values[name]) for name in METRICS}


def auc(y: Any, score: Any) -> float:
    """Area under the ROC curve; NaN unless both classes are there."""
    return METRICS["roc_auc"](y, score)


def recall_at_fpr(y: Any, score: Any, fpr: float) -> float:
    """The highest recall at a false-positive rate of at most `fpr`, by a threshold on the score."""
    return float(Ranking(y, score).measure(0.5, rates=(fpr,))[8])


def expected_calibration_error(y: Any, score: Any, bins: int = BINS) -> float:
    """Mean distance of mean score and share of positives over equal-width bins, by their rows."""
    return float(Ranking(y, score).measure(0.5, bins=bins)[7])
