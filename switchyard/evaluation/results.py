"""What an evaluation found, ready for JSON and for drawing."""

from __future__ import annotations

from collections.abc import Mapping

from switchyard.evaluation.intervals import Interval
from switchyard.evaluation.slices import Slice
from switchyard.evaluation.tellings import Telling
from switchyard.evaluation.thresholds import Threshold
from switchyard.records import Record


class Curve(Record):
    """Points of a line, thinned for drawing."""

    x: tuple[float, ...]
    y: tuple[float, ...]


class Bin(Record):
    """One bin of the calibration: mean score, share of positives, rows."""

    score: float
    share: float
    rows: int


class Confusion(Record):
    """Rows by truth and decision."""

    true_negatives: int
    false_positives: int
    false_negatives: int
    true_positives: int


class Judged(Record):
    """One candidate on the holdout; roc: recall by false-positive rate, pr: precision by recall."""

    name: str
    threshold: Threshold
    metrics: Mapping[str, Interval]
    roc: Curve
    pr: Curve
    calibration: tuple[Bin, ...]


class Served(Record):
    """What is known of the candidate to be served only."""

    name: str
    confusion: Confusion
    slices: tuple[Slice, ...]
    telling: Telling | None = None


class Evaluation(Record):
    """All candidates on the same holdout rows; the one to be served in depth.

    unmeasured: metric → why it cannot be measured on these rows.
    """

    rows: int
    positives: int
    groups: int | None
    confidence: float
    resamples: int
    unmeasured: Mapping[str, str]
    candidates: tuple[Judged, ...]
    served: Served

    def candidate(self, name: str) -> Judged:
        """The candidate of that name; KeyError when there is none."""
        for judged in self.candidates:
            if judged.name == name:
                return judged
        raise KeyError(name)

    def figures(self, name: str) -> dict[str, float]:
        """The measured metrics of a candidate, as plain numbers."""
        return {
            metric: interval.value
            for metric, interval in self.candidate(name).metrics.items()
            if interval.value is not None
        }
