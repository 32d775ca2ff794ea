"""What an evaluation found, ready for JSON and for drawing."""

from __future__ import annotations

from collections.abc import Mapping

from switchyard.evaluation.conformal import BandRule
from switchyard.evaluation.importances import Importance
from switchyard.evaluation.intervals import Interval
from switchyard.evaluation.number_slices import NumberSlice
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


class ErrorBin(Record):
    """Rows of like predictions: their mean, and where the errors (prediction - truth) lie."""

    predicted: float
    low: float
    median: float
    high: float
    rows: int


class Judged(Record):
    """One candidate on the holdout.

    Of classifications: threshold; roc: recall by false-positive rate, pr: precision by recall;
    calibration. Of regressions: band; fit: truth by prediction, of a sample; errors.
    """

    name: str
    metrics: Mapping[str, Interval]
    threshold: Threshold | None = None
    roc: Curve = Curve(x=(), y=())
    pr: Curve = Curve(x=(), y=())
    calibration: tuple[Bin, ...] = ()
    band: BandRule | None = None
    fit: Curve = Curve(x=(), y=())
    errors: tuple[ErrorBin, ...] = ()


class Served(Record):
    """What is known of the candidate to be served only.

    confusion: of classifications; telling: of texts; importances: of tables.
    """

    name: str
    slices: tuple[Slice | NumberSlice, ...]
    confusion: Confusion | None = None
    telling: Telling | None = None
    importances: tuple[Importance, ...] = ()


class Evaluation(Record):
    """All candidates on the same holdout rows; the one to be served in depth.

    unmeasured: metric → why it cannot be measured on these rows. positives: None of a regression.
    """

    rows: int
    positives: int | None
    groups: int | None
    confidence: float
    resamples: int
    unmeasured: Mapping[str, str]
    candidates: tuple[Judged, ...]
    served: Served

    @property
    def numbers(self) -> bool:
        """Whether numbers were predicted."""
        return self.positives is None

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
