"""Counts and times of requests, in the registry that BentoML's /metrics shows."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from bento.connections import Connection

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class Metrics:
    """Prometheus series of one serving process; label values come from our own tables only.

    Counting is adding plain numbers; `flush` hands them on. A value of Prometheus that several
    processes share is a write to a file, and a prediction would make six of them.
    """

    def __init__(self, model: str, version: str) -> None:
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
        self._predictions = Counter("switchyard_predictions", "Predictions by label.", ["label"])
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
        self._durations: dict[str, _Durations] = {}
        self._predicted: dict[str, int] = {}

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered; those of a trial are nobody's."""
        if Connection.on_trial:
            return
        key = (route, status)
        self._answered[key] = self._answered.get(key, 0) + 1
        durations = self._durations.get(route)
        if durations is None:
            durations = self._durations[route] = _Durations(self._seconds.labels(route))
        durations.total += seconds
        durations.counts[bisect_left(_SECONDS, seconds)] += 1

    def predicted(self, label: str, rows: int) -> None:
        """Count predictions of a label."""
        self._predicted[label] = self._predicted.get(label, 0) + rows

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
        self._spool_bytes.set(spool_bytes)
        self._damaged_segments.set(damaged_segments)


class _Durations:
    """Times of one route since the last flush, by bucket."""

    def __init__(self, histogram: Any) -> None:
        self.total = 0.0
        self.counts = [0] * (len(_SECONDS) + 1)
        self._histogram = histogram

    def flush(self) -> None:
        # The client observes one value at a time; its buckets are where several can be added.
        for bucket, number in zip(self._histogram._buckets, self.counts, strict=True):
            if number:
                bucket.inc(number)
        self._histogram._sum.inc(self.total)
        self.total = 0.0
        self.counts = [0] * len(self.counts)
