"""The latest verdict as metrics: a text file in the store, and an address that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from switchyard.monitoring.records import METRICS, MonitoringStore
from switchyard.monitoring.results import Verdict

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

PREFIX = "switchyard_monitoring"
MOST_COLUMNS = 100
"""Of a table with more, those that are furthest from training have series of their own."""


def registry_of(verdicts: Sequence[Verdict]) -> CollectorRegistry:
    """Gauges of the last complete window and counts over all; empty without verdicts."""
    from prometheus_client import CollectorRegistry, Gauge

    registry = CollectorRegistry()
    if not verdicts:
        return registry

    def gauge(
        name: str, text: str, values: Iterable[tuple[Sequence[str], float]], *more: str
    ) -> None:
        made = Gauge(f"{PREFIX}_{name}", text, ["use_case", *more], registry=registry)
        for labels, value in values:
            made.labels(last.name, *labels).set(value)

    last = verdicts[-1]
    single: dict[str, tuple[str, float | None]] = {
        "window_start_seconds": ("Begin of the last window", last.since.timestamp()),
        "window_end_seconds": ("End of the last window", last.until.timestamp()),
        "rows": ("Rows captured in it", last.rows),
        "drifted": ("1 when it drifted", last.status == "drifted"),
        "enough_rows": ("0 when its rows were too few to tell", last.status != "too-few-rows"),
        "drifted_share": ("Share of input columns that drifted", last.drifted_share),
        "columns": ("Columns that were compared", len(last.columns)),
        "positive_share": ("Share of rows decided positive", last.positive_share),
        "mean_prediction": ("Mean of the predicted numbers", last.mean_score),
        "lost_performance": ("1 when real performance is below a floor", last.lost_performance),
        "damaged_files": ("Files of the store that were skipped", last.quality.damaged_files),
    }
    for name, (text, value) in single.items():
        gauge(name, text, [] if value is None else [((), float(value))])
    furthest = sorted(last.columns.items(), key=lambda each: -each[1].distance)[:MOST_COLUMNS]
    distances = [((column,), drift.distance) for column, drift in furthest]
    limits = [((column,), drift.threshold) for column, drift in furthest]
    gauge("column_distance", "Distance of a column from training", distances, "column")
    gauge("column_threshold", "Distance from which it has drifted", limits, "column")
    quality = last.quality
    for name, text, found in (
        ("missing_share", "Share of missing or unreadable values", quality.missing_share),
        ("unknown_share", "Share of categories that were not trained", quality.unknown_share),
        ("outside_share", "Share of numbers out of the trained range", quality.outside_share),
    ):
        most = sorted(found.items(), key=lambda each: -each[1])[:MOST_COLUMNS]
        gauge(name, text, [((column,), share) for column, share in most], "column")
    judged = [each for each in verdicts if each.performance is not None]
    if judged and judged[-1].performance is not None:
        performance = judged[-1].performance
        values = [((metric,), value) for metric, value in performance.metrics.items()]
        gauge("performance", "Real performance in the last window with labels", values, "metric")
        gauge("labelled_rows", "Labelled rows behind it", [((), float(performance.rows))])
    statuses = ("quiet", "drifted", "too-few-rows")
    counts = [((name,), float(sum(v.status == name for v in verdicts))) for name in statuses]
    gauge("windows", "Windows on record by what they came to", counts, "status")
    return registry


def write_metrics(store: MonitoringStore) -> None:
    """Write `monitoring.prom`, for the text-file collector of Prometheus' node exporter."""
    from prometheus_client import generate_latest

    store.write(METRICS, generate_latest(registry_of(store.verdicts())))


def start_exporter(port: int, location: str, host: str = "127.0.0.1") -> Any:
    """Answer Prometheus at http://{host}:{port}/metrics, from the store at each request.

    Returns the server and its thread, which ends with the process; port 0 takes a free one.
    PlatformError for a port that is taken.
    """
    from prometheus_client import start_http_server
    from prometheus_client.registry import Collector, CollectorRegistry

    from switchyard.errors import PlatformError

    store = MonitoringStore(location)

    class FromStore(Collector):
        def collect(self) -> Any:
            return registry_of(store.verdicts()).collect()

    registry = CollectorRegistry()
    registry.register(FromStore())
    try:
        return start_http_server(port, host, registry)
    except OSError as cause:
        raise PlatformError(
            f"metrics cannot be offered at {host}:{port}: {cause}; choose another --metrics-port"
        ) from cause
