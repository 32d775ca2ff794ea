"""A service's prediction store, and a short way to fill it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

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
