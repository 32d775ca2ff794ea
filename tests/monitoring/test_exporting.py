"""The verdicts of several use cases at one address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from switchyard.errors import PlatformError
from switchyard.monitoring.exporting import Exposition
from switchyard.monitoring.mirrors import stores_below
from switchyard.monitoring.records import MonitoringStore
from switchyard.monitoring.results import Verdict

STATE = "memory://exported/services"
FIRST = datetime(2026, 9, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    import fsspec

    yield
    fsspec.filesystem("memory").store.clear()


def keep(name: str, status: Any, day: int = 0) -> None:
    since = FIRST + timedelta(days=day)
    until = since + timedelta(days=1)
    verdict = Verdict(name=name, since=since, until=until, rows=600, status=status, created=until)
    MonitoringStore(f"{STATE}/{name}/monitoring").put(verdict)


def shown(exposition: Exposition) -> str:
    registry = CollectorRegistry()
    registry.register(exposition)
    return generate_latest(registry).decode()


def test_each_use_case_has_its_series_under_one_name() -> None:
    keep("phishing", "drifted")
    keep("wine", "quiet")
    exposition = Exposition(lambda: stores_below(STATE))
    exposition.look()

    text = shown(exposition)
    assert 'switchyard_monitoring_drifted{use_case="phishing"} 1.0' in text
    assert 'switchyard_monitoring_drifted{use_case="wine"} 0.0' in text
    assert text.count("# TYPE switchyard_monitoring_drifted gauge") == 1


def test_a_later_look_has_the_later_window_and_each_series_once() -> None:
    keep("wine", "quiet")
    exposition = Exposition(lambda: stores_below(STATE))
    exposition.look()
    keep("wine", "drifted", day=1)
    exposition.look()

    text = shown(exposition)
    assert text.count('switchyard_monitoring_drifted{use_case="wine"}') == 1
    assert 'switchyard_monitoring_drifted{use_case="wine"} 1.0' in text


def test_before_the_first_look_nothing_is_said_but_that() -> None:
    assert "switchyard_monitoring_read_timestamp_seconds 0.0" in shown(
        Exposition(lambda: stores_below(STATE))
    )


def test_a_store_that_fails_is_seen_by_the_time_of_the_last_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep("wine", "quiet")
    broken = threading.Event()

    def stores() -> Any:
        if broken.is_set():
            raise PlatformError("the store is away")
        return stores_below(STATE)

    exposition = Exposition(stores)
    exposition.look()
    before = shown(exposition)
    broken.set()
    ended = threading.Event()
    looking = threading.Thread(target=exposition.run, args=(ended, 0.01))
    looking.start()
    ended.wait(0.1)
    ended.set()
    looking.join()
    assert shown(exposition) == before
