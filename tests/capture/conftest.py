"""A service's prediction store, and a short way to fill it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import orjson
import pytest

from switchyard.capture import request_ids
from switchyard.capture.compaction import Compactor
from switchyard.capture.recorder import Recorder
from switchyard.serving.settings import Settings

DIGEST = "d" * 64


class Service:
    """The settings of one service, and the recorders that a test opened for it."""

    def __init__(self, folder: Path, **capture: Any) -> None:
        self.settings = Settings.of(
            {
                "name": "phishing",
                "title": "Phishing",
                "model_version": "3",
                "content_sha256": "0" * 64,
                "serving": {"state_dir": str(folder), "capture": {"flush_s": 0.001} | capture},
            }
        )
        self.opened: list[Recorder] = []

    def recorder(self) -> Recorder:
        self.opened.append(Recorder(self.settings, DIGEST, synthetic=True, threshold=0.4))
        return self.opened[-1]

    def compactor(self) -> Compactor:
        return Compactor(self.settings)

    @property
    def store(self) -> str:
        return self.settings.capture_store

    @property
    def segments(self) -> list[Path]:
        return sorted(self.settings.spool.glob("*.segment"))

    def fill(self, *urls: str) -> Service:
        """Leave a sealed segment with a prediction for each of these URLs."""
        recorder = self.recorder()
        for url in urls or ("a.example", "b.example", "c.example"):
            self.predict(recorder, url)
        recorder.close()
        return self

    def move(self) -> int:
        """Close the recorders and compact; returns the rows moved."""
        for recorder in self.opened:
            recorder.close()
        return self.compactor().run_once()

    @staticmethod
    def until(condition: Callable[[], bool]) -> None:
        """Wait for what other threads do; fails after ten seconds."""
        pause = Event()
        for _ in range(1000):
            if condition():
                return
            pause.wait(0.01)
        raise AssertionError("it did not happen")

    @staticmethod
    def predict(recorder: Recorder, *urls: str, label: str = "phishing") -> str:
        """Ask and answer for these URLs; returns the request id."""
        request_id = recorder.issue(len(urls))
        recorder.prediction(request_id, body(*urls), answer(request_id, len(urls), label))
        return request_id.decode()


def body(*urls: str) -> bytes:
    return orjson.dumps({"instances": [{"url": url} for url in urls]})


def answer(request_id: bytes, rows: int, label: str = "phishing") -> bytes:
    return orjson.dumps(
        {
            "request_id": request_id.decode(),
            "model_version": "3",
            "threshold": 0.4,
            "predictions": [{"label": label, "score": 0.9 + row / 1e9} for row in range(rows)],
        }
    )


@pytest.fixture
def days_ago(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock that request ids are issued by."""

    def set_clock(days: float) -> None:
        moment = time.time_ns() - int(days * 86_400 * 10**9)
        monkeypatch.setattr(request_ids, "time_ns", lambda: moment)

    return set_clock


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Makes a service with these capture settings; its recorders are closed at the end."""
    made: list[Service] = []

    def make(**capture: Any) -> Service:
        made.append(Service(tmp_path / "state", **capture))
        return made[-1]

    yield make
    for one in made:
        for recorder in one.opened:
            recorder.close()


@pytest.fixture
def filled(service: Callable[..., Service]) -> Service:
    """A service whose spool holds one sealed segment of three predictions."""
    return service().fill()
