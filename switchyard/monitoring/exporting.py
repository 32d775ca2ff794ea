"""The verdicts of all use cases at one address for Prometheus: monitoring comes and goes."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from switchyard.errors import PlatformError
from switchyard.monitoring.mirrors import Stores
from switchyard.monitoring.prometheus import PREFIX, registry_of

logger = logging.getLogger(__name__)

EVERY_S = 60.0


class Exposition:
    """What Prometheus reads: the series of all use cases, as of the last good look.

    Looking is apart from answering: an object store with years of verdicts takes seconds.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._families: Sequence[Any] = ()
        self._looked_at = 0.0

    def look(self) -> None:
        """Read every store anew; PlatformError when one cannot be read, and all stays as it was."""
        found: dict[str, Any] = {}
        for store in self._stores():
            for family in registry_of(store.verdicts()).collect():
                known = found.setdefault(family.name, family)
                if known is not family:
                    known.samples.extend(family.samples)
        self._families, self._looked_at = tuple(found.values()), time.time()

    def run(self, ended: threading.Event, every_s: float = EVERY_S) -> None:
        """Look again and again until `ended`; a failure is told in the log, and by the series'
        `read_timestamp_seconds` that stands still.
        """
        while not ended.is_set():
            try:
                self.look()
            except PlatformError as error:
                logger.warning("the series stay as they were: %s", error)
            ended.wait(every_s)

    def collect(self) -> Iterator[Any]:
        """The series, in the form of prometheus_client's collectors."""
        from prometheus_client.core import GaugeMetricFamily

        read = GaugeMetricFamily(
            f"{PREFIX}_read_timestamp_seconds", "When the records were last read; 0: not yet"
        )
        read.add_metric([], self._looked_at)
        yield read
        yield from self._families


def export(stores: Stores, host: str, port: int) -> int:
    """Answer Prometheus at http://{host}:{port}/metrics in the foreground until Ctrl-C; 0.

    PlatformError for a port that is taken.
    """
    from prometheus_client import CollectorRegistry, start_http_server

    shown, ended = Exposition(stores), threading.Event()
    registry = CollectorRegistry()
    registry.register(shown)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as cause:
        raise PlatformError(
            f"metrics cannot be offered at {host}:{port}: {cause}; choose another --port"
        ) from cause
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # how a container is asked to end
    try:
        shown.run(ended)
    except KeyboardInterrupt:
        pass
    finally:
        server.shutdown()
        thread.join()
    return 0
