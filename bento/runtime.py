"""The state of one serving process: the model, its records, its limits."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from bento.connections import Connection
from bento.folders import MODEL
from bento.metrics import Metrics
from switchyard.capture.recorder import Recorder, SpoolFull
from switchyard.jobs.store import JobBoard
from switchyard.packages.loading import verify
from switchyard.packages.manifest import Manifest
from switchyard.serving.admission import Admission
from switchyard.serving.answers import AnyAnswerer, Predictions, answerer_of
from switchyard.serving.keys import Keys
from switchyard.serving.predictor import Predictor, Scored
from switchyard.serving.problems import overloaded
from switchyard.serving.reasons import explained
from switchyard.serving.samples import columns_of, sample_instances
from switchyard.serving.settings import Settings, read

NOT_RECORDED = "predictions cannot be recorded now, so none is given; try again shortly"
_UPKEEP_S = 1.0

log = logging.getLogger("switchyard.serving")


class Runtime:
    """What requests need. Made at start-up, when it verifies the package and opens its stores.

    The model is loaded by a thread after that; until it is, `answerer` is None and the service is
    alive but not ready. SwitchyardError when the service cannot work: package, settings, stores.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.settings: Settings = read(folder, environment)
        serving = self.settings.serving
        self.keys = Keys(environment, required=serving.require_api_key)
        package = verify(folder / MODEL, self.settings.content_sha256)
        self.manifest: Manifest = package.manifest
        self.metrics = Metrics(
            self.settings.name, self.settings.model_version, self.manifest.predicted
        )
        self.admission = Admission(serving.limits.max_wait_ms)
        data = self.manifest.data
        self.recorder = Recorder(
            self.settings,
            data.digest,
            data.synthetic,
            self.manifest.threshold,
            self.manifest.inputs,
        )
        self.jobs = JobBoard(self.settings)
        self.answerer: AnyAnswerer | None = None
        self.loaded = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Load the model in a thread and begin the upkeep; to be called on the event loop."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._load, args=(loop,), name="loading", daemon=True).start()
        self._tasks = [
            asyncio.create_task(self._watch_lateness()),
            asyncio.create_task(self._upkeep()),
        ]

    async def stop(self) -> None:
        """End the upkeep and close the records."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.recorder.close()

    def require_model(self) -> AnyAnswerer:
        """The answerer; Problem 503 while the model is being loaded."""
        if self.answerer is None:
            raise overloaded("the model is being loaded; try again shortly")
        return self.answerer

    def predictions(self, body: bytes) -> Predictions:
        """The predictions that a body asks for; Problem when it cannot be answered."""
        answerer = self.require_model()
        return answerer.predictions(answerer.parse(body))

    def large_predictions(self, body: bytes) -> tuple[Predictions, bytes]:
        """As `predictions`, and the body as it may be kept; admission learns how long it takes."""
        start = perf_counter()
        try:
            return self.predictions(body), self.recorder.redacted(body)
        finally:
            self.admission.took(len(body), perf_counter() - start)

    def answer(self, body: bytes, found: Predictions, *, redacted: bool = False) -> bytes:
        """The answer, recorded. Problem 503 when it cannot be recorded: it is not given then.

        redacted: the body is as it may be kept.
        While the process is on trial, nothing is recorded: smoke tests are no traffic.
        """
        answerer = self.require_model()
        if Connection.on_trial:
            return answerer.answer(self.recorder.issue_unkept(found.rows), found)
        request_id = self.recorder.issue(found.rows)
        answer = answerer.answer(request_id, found)
        try:
            self.recorder.prediction(request_id, body, answer, redacted=redacted)
        except SpoolFull as error:
            raise overloaded(NOT_RECORDED) from error
        self.count(found.rows, found.positive, found.values)
        return answer

    def capture(self, request_id: bytes, columns: Mapping[str, Any], scored: Scored) -> None:
        """Record an answer that was not given as JSON of `/predict`; Problem 503 as `answer`."""
        if Connection.on_trial:
            return
        scores = scored.scores.tolist()
        interval = None
        if scored.low is not None and scored.high is not None:
            interval = (scored.low.tolist(), scored.high.tolist())
        try:
            self.recorder.columns(request_id, columns, self.labels(scored), scores, interval)
        except SpoolFull as error:
            raise overloaded(NOT_RECORDED) from error
        positive = 0 if scored.positive is None else int(scored.positive.sum())
        self.count(len(scores), positive, scores)

    def labels(self, scored: Scored) -> list[str] | None:
        """The label of each row, None where numbers are predicted."""
        labels = self.manifest.labels
        if labels is None or scored.positive is None:
            return None
        return [labels.positive if each else labels.negative for each in scored.positive.tolist()]

    def flush_metrics(self) -> None:
        """Hand on what was counted since the last time."""
        self.metrics.flush(self.recorder.spool_bytes, self.recorder.damaged_segments)

    def count(self, rows: int, positive: int, values: Sequence[float]) -> None:
        """Count predictions by label, or by the numbers that they are."""
        labels = self.manifest.labels
        if labels is None:
            assert self.manifest.predicted is not None
            self.metrics.valued(self.manifest.predicted.name, values)
            return
        self.metrics.predicted(labels.positive, positive)
        self.metrics.predicted(labels.negative, rows - positive)

    def _load(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            predictor = Predictor.open(
                self.folder / MODEL, self.settings.model_version, self.settings.content_sha256
            )
            answerer = answerer_of(predictor, self.settings.serving.limits.max_instances)
            answerer.warm()
        except BaseException as error:
            log.critical("the model cannot be loaded: %s", error)
            os.kill(os.getpid(), signal.SIGTERM)
            raise
        self.answerer = answerer
        loop.call_soon_threadsafe(self.loaded.set)
        # Not needed to be ready, but the first to ask why should not wait for it either.
        parser = answerer.parser
        explained(predictor, columns_of(sample_instances(parser.inputs, 1, 0), parser.names))

    async def _watch_lateness(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self.admission.tick(loop.time())
            await asyncio.sleep(self.admission.interval_s)

    async def _upkeep(self) -> None:
        while True:
            await asyncio.sleep(_UPKEEP_S)
            try:
                self.recorder.tick()
                self.keys.refresh()
                self.flush_metrics()
            except Exception:
                log.exception("the upkeep failed; it is tried again")
