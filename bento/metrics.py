"""Counts and times of requests, in the registry that BentoML's /metrics shows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from bento.connections import Connection
from switchyard.packages.manifest import Predicted

_STEPS = 10
_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class Metrics:
    """Prometheus series of one serving process; label values come from our own tables only.

    predicted: the number that is predicted, None where it is a label.
    Counting is adding plain numbers; `flush` hands them on. A value of Prometheus that several
    processes share is a write to a file, and a prediction would make six of them.
    """

    def __init__(self, model: str, version: str, predicted: Predicted | None = None) -> None:
        # After BentoML has set up its multi-process mode, which is read on import.
        from prometheus_client import Counter, Gauge, Histogram

        self._requests = Counter(
            "switchyard_requests", "Requests by route and status.", ["route", "status"]
        )
        self._seconds = Histogram(
            "switchyard_request_seconds",
            "Time from the request's head to its answer.",
            ["route"],
            buckets=_SECONDS,
        )
        self._predictions = Counter(
            "switchyard_predictions", "Predictions by label, or by the number's name.", ["label"]
        )
        self._values = None
        if predicted is not None:
            steps = steps_of(predicted)
            shown = Histogram(
                "switchyard_predicted_values", "Predicted numbers.", ["target"], buckets=steps
            )
            self._values = _Buckets(shown.labels(predicted.name), steps)
        self._spool_bytes = Gauge(
            "switchyard_capture_spool_bytes",
            "Captured rows that have not reached the prediction store.",
            multiprocess_mode="livemax",
        )
        self._damaged_segments = Gauge(
            "switchyard_capture_damaged_segments",
            "Segments of captured rows that were set aside as damaged, until they are deleted.",
            multiprocess_mode="livemax",
        )
        facts = Gauge(
            "switchyard_model_info",
            "Which model answers; always 1.",
            ["model", "version"],
            multiprocess_mode="livemax",
        )
        facts.labels(model, version).set(1)
        self._answered: dict[tuple[str, int], int] = {}
        self._durations: dict[str, _Buckets] = {}
        self._predicted: dict[str, int] = {}

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered; those of a trial are nobody's."""
        if Connection.on_trial:
            return
        key = (route, status)
        self._answered[key] = self._answered.get(key, 0) + 1
        durations = self._durations.get(route)
        if durations is None:
            histogram = self._seconds.labels(route)
            durations = self._durations[route] = _Buckets(histogram, _SECONDS)
        durations.total += seconds
        durations.counts[bisect_left(_SECONDS, seconds)] += 1

    def predicted(self, label: str, rows: int) -> None:
        """Count predictions of a label."""
        self._predicted[label] = self._predicted.get(label, 0) + rows

    def valued(self, target: str, values: Sequence[float]) -> None:
        """Count predicted numbers."""
        self.predicted(target, len(values))
        if self._values is not None:
            for value in values:
                self._values.add(value)

    def flush(self, spool_bytes: int, damaged_segments: int) -> None:
        """Hand on what was counted.

        spool_bytes: what has not reached the store; damaged_segments: what cannot any more.
        """
        for (route, status), number in self._answered.items():
            self._requests.labels(route, str(status)).inc(number)
        self._answered.clear()
        for label, rows in self._predicted.items():
            self._predictions.labels(label).inc(rows)
        self._predicted.clear()
        for durations in self._durations.values():
            durations.flush()
        if self._values is not None:
            self._values.flush()
        self._spool_bytes.set(spool_bytes)
        self._damaged_segments.set(damaged_segments)


def steps_of(predicted: Predicted) -> tuple[float, ...]:
    """The upper ends of a histogram's buckets: tenths of the range that was trained."""
    lowest, highest = predicted.lowest, predicted.highest
    step = (highest - lowest) / _STEPS
    if step <= 0:
        return (lowest,)
    ends = [float(f"{lowest + step * at:.6g}") for at in range(_STEPS + 1)]
    return tuple(sorted(set(ends)))


class _Buckets:
    """Values of one series since the last flush, by bucket. ends: the buckets' upper ends."""

    def __init__(self, histogram: Any, ends: Sequence[float]) -> None:
        self.total = 0.0
        self.counts = [0] * (len(ends) + 1)
        self._ends = ends
        self._histogram = histogram

    def add(self, value: float) -> None:
        self.total += value
        self.counts[bisect_left(self._ends, value)] += 1

    def flush(self) -> None:
        # The client observes one value at a time; its buckets are where several can be added.
        for bucket, number in zip(self._histogram._buckets, self.counts, strict=True):
            if number:
                bucket.inc(number)
        self._histogram._sum.inc(self.total)
        self.total = 0.0
        self.counts = [0] * len(self.counts)
