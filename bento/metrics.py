"""Counts and times of requests, in the registry that BentoML's /metrics shows."""

from __future__ import annotations

from typing import Any

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class Metrics:
    """Prometheus series of one serving process; label values come from our own tables only."""

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
        self.spool_bytes = Gauge(
            "switchyard_capture_spool_bytes",
            "Captured rows that have not reached the prediction store.",
            multiprocess_mode="max",
        )
        facts = Gauge(
            "switchyard_model_info",
            "Which model answers; always 1.",
            ["model", "version"],
            multiprocess_mode="livemax",
        )
        facts.labels(model, version).set(1)
        self._counters: dict[tuple[str, int], Any] = {}
        self._histograms: dict[str, Any] = {}
        self._labels: dict[str, Any] = {}

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        counter = self._counters.get((route, status))
        if counter is None:
            counter = self._counters[route, status] = self._requests.labels(route, str(status))
            self._histograms[route] = self._seconds.labels(route)
        counter.inc()
        self._histograms[route].observe(seconds)

    def predicted(self, label: str, rows: int) -> None:
        """Count predictions of a label."""
        counter = self._labels.get(label)
        if counter is None:
            counter = self._labels[label] = self._predictions.labels(label)
        if rows:
            counter.inc(rows)
