"""A service's jobs in a folder of their own, and workers over them."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

from switchyard.jobs.records import Job
from switchyard.jobs.store import JobBoard
from switchyard.jobs.worker import JobWorker
from switchyard.packages.manifest import Input
from switchyard.serving.predictor import Predictor, Scored
from switchyard.serving.settings import Settings

CSV = b"id,url\n1,a.com\n2,\n3,c.com\n"
PATIENCE_S = 180.0


class StubPredictor:
    """Calls everything phishing but what is empty; `before` is called before each chunk."""

    def __init__(self, version: str = "7", before: Callable[[], object] = lambda: None) -> None:
        self.version = version
        self.labels = SimpleNamespace(positive="phishing", negative="benign")
        inputs = {"url": Input(type="string", max_length=2_000)}
        self.manifest = SimpleNamespace(inputs=inputs, labels=self.labels)
        self.before = before

    def score(self, columns: Any) -> Scored:
        self.before()
        empty = np.array([text == "" for text in columns["url"].to_pylist()], np.bool_)
        reasons = pa.array(["empty" if each else None for each in empty], pa.large_string())
        return Scored(np.where(empty, np.nan, 0.75), ~empty, reasons)


class Service:
    """The settings of a service, its board, and what stands in its folders."""

    def __init__(self, folder: Path, limits: dict[str, Any] | None = None, **jobs: Any) -> None:
        self.folder = folder
        serving = {
            "state_dir": str(folder),
            "limits": {"max_job_mb": 1.0} | (limits or {}),
            "jobs": {"lease_s": 0.4} | jobs,
        }
        self.settings = Settings.of(
            {
                "name": "phishing-urls",
                "title": "Phishing",
                "model_version": "3",
                "content_sha256": "0" * 64,
                "serving": serving,
            }
        )
        self.board = JobBoard(self.settings)

    def submit(self, content: bytes = CSV, kind: Any = "csv", **options: Any) -> Job:
        target = options.pop("target", kind)
        source = io.BytesIO(content)
        return asyncio.run(self.board.submit(kind, target, source, model_version="3", **options))

    def worker(self, predictor: Any = None) -> JobWorker:
        return JobWorker(self.settings, lambda: cast(Predictor, predictor or StubPredictor()))

    @contextmanager
    def working(self, predictor: Any = None) -> Iterator[threading.Event]:
        """A worker in a thread, and the event that stops it."""
        stop = threading.Event()
        thread = threading.Thread(target=self.worker(predictor).run, args=(stop,))
        thread.start()
        try:
            yield stop
        finally:
            stop.set()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    def ended(self, id: str) -> Job:
        """The job when it has ended."""
        return self.until(id, lambda job: job.finished is not None)

    def until(self, id: str, wanted: Callable[[Job], object]) -> Job:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            job = self.board.get(id)
            assert job is not None
            if wanted(job):
                return job
            assert time.monotonic() < deadline, job
            time.sleep(0.01)

    def result(self, id: str) -> str:
        file, _, _ = self.board.result(id)
        with file:
            return file.read().decode()

    @property
    def files(self) -> list[str]:
        """The files of jobs, each as folder/name."""
        root = Path(self.settings.jobs_store)
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Makes a service with these settings of its jobs; again with others over the same state."""
    made: list[Service] = []

    def make(**jobs: Any) -> Service:
        made.append(Service(tmp_path / "state", **jobs))
        return made[-1]

    yield make
    for one in made:
        one.board.close()


@pytest.fixture
def service(make: Callable[..., Service]) -> Service:
    return make()
