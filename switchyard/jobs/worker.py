"""The worker: takes jobs one after the other, and keeps the books in order meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from switchyard.errors import PlatformError
from switchyard.jobs.brokers import Broker, Entry
from switchyard.jobs.files import JobFiles
from switchyard.jobs.ledger import ATTEMPTS, Ledger
from switchyard.jobs.running import Attempt, Lost, Stopped
from switchyard.jobs.upkeep import Upkeep
from switchyard.serving.predictor import Predictor
from switchyard.serving.settings import Settings

_POLL_S = 0.2
_RETRY_S = 5.0
_RETIRE_EVERY_S = 3600.0

log = logging.getLogger("switchyard.jobs")


class JobWorker:
    """Works on the jobs of one service; several workers, anywhere, share them.

    open_predictor: called once, before the first job. A job of a dead worker is taken over when
    its lease is over.
    """

    def __init__(self, settings: Settings, open_predictor: Callable[[], Predictor]) -> None:
        self._settings = settings
        self._open_predictor = open_predictor
        self._predictor: Predictor | None = None
        self._attempt: Attempt | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; a job that is not done then is handed back.

        RequestError when the settings cannot be meant. What fails underneath is logged and tried
        again.
        """
        jobs = self._settings.serving.jobs
        files = JobFiles(self._settings.jobs_store)
        broker = self._reach(stop)
        if broker is None:
            return
        upkeep = Upkeep(broker, files, jobs.lease_s, jobs.retention_days)
        done = threading.Event()
        _attempted(lambda: upkeep.recover(starting=True), "recovery")
        threads = [
            _every(jobs.lease_s / 3, self._beat, done, "beat"),
            _every(jobs.lease_s / 3, upkeep.recover, done, "recovery"),
            _every(_RETIRE_EVERY_S, upkeep.retire, done, "retirement"),
        ]
        try:
            while not stop.is_set():
                try:
                    worked = self._next(broker, files, stop)
                except PlatformError as error:
                    log.warning("%s; trying again", error)
                    stop.wait(_RETRY_S)
                    continue
                if not worked:
                    stop.wait(_POLL_S)
        finally:
            done.set()
            for thread in threads:
                thread.join()
            broker.close()

    def _reach(self, stop: threading.Event) -> Broker | None:
        """The queue, as soon as it can be reached; None when it is time to stop before."""
        while not stop.is_set():
            try:
                return Broker(self._settings.queue, self._settings.name)
            except PlatformError as error:
                log.warning("%s; trying again", error)
                stop.wait(_RETRY_S)
        return None

    def _next(self, broker: Broker, files: JobFiles, stop: threading.Event) -> bool:
        """Make the attempt that is next in the queue; False when none waits."""
        entry = broker.take()
        if entry is None:
            return False
        ledger = Ledger(broker)
        ticket = ledger.ticket(entry.id)
        if ticket is None or ticket.run != entry.run or not 1 <= entry.attempt <= ATTEMPTS:
            return True
        state = ledger.state(ticket.run)
        if state.end is not None or state.attempt >= entry.attempt:
            return True
        if self._predictor is None:
            self._predictor = self._open_predictor()
        most_rows = self._settings.serving.limits.max_job_rows
        attempt = Attempt(ticket, entry.attempt, ledger, files, self._predictor, stop, most_rows)
        if attempt.claim():
            self._make(attempt, broker, entry)
        return True

    def _make(self, attempt: Attempt, broker: Broker, entry: Entry) -> None:
        self._attempt = attempt
        log.info("job %s: attempt %s", entry.id, entry.attempt)
        try:
            attempt.run()
        except Lost:
            log.info("job %s is deleted or another worker's", entry.id)
        except Stopped:
            attempt.hand_back()
            broker.put(entry)
            log.info("job %s is handed back", entry.id)
        finally:
            self._attempt = None

    def _beat(self) -> None:
        attempt = self._attempt
        if attempt is not None:
            attempt.beat()


def _attempted(task: Callable[[], object], name: str) -> None:
    """Do the task; its failure is told, and ends nothing."""
    try:
        task()
    except PlatformError as error:
        log.warning("%s: %s; trying again", name, error)
    except Exception:
        log.exception("%s failed; trying again", name)


def _every(
    interval_s: float, task: Callable[[], object], done: threading.Event, name: str
) -> threading.Thread:
    """A thread that does the task now and then again, until `done`; failures are told."""

    def work() -> None:
        while True:
            _attempted(task, name)
            if done.wait(interval_s):
                return

    thread = threading.Thread(target=work, name=f"jobs-{name}", daemon=True)
    thread.start()
    return thread
