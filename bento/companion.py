"""`python -m bento.companion`: moves captured rows to their store and works on batch jobs.

It runs beside a serving process, at a lower priority, and ends when its standard input closes.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from bento.folders import MODEL, service_folder
from bento.lean import keep_lean
from bento.logs import log_to_stderr
from switchyard.serving.settings import Settings, read

if TYPE_CHECKING:
    from switchyard.serving.predictor import Predictor

_RETIRE_EVERY_S = 3600.0

log = logging.getLogger("switchyard.companion")


def main() -> None:
    """Work until standard input closes; what is half done then is taken up by the next one."""
    log_to_stderr()
    # Signals to a whole group of processes are the serving one's business: it closes our input.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    os.nice(10)
    keep_lean()
    folder = service_folder()
    settings = read(folder, os.environ)
    stop = threading.Event()

    def open_predictor() -> Predictor:
        from switchyard.serving.predictor import Predictor

        return Predictor.open(folder / MODEL, settings.model_version, settings.content_sha256)

    def work() -> None:
        from switchyard.jobs.worker import JobWorker

        JobWorker(settings, open_predictor).run(stop)

    threads = [
        threading.Thread(target=_until_failure, args=(task, stop), name=name)
        for name, task in (("capture", lambda: compact(settings, stop)), ("jobs", work))
    ]
    for thread in threads:
        thread.start()
    threading.Thread(target=_watch_input, args=(stop,), daemon=True).start()
    for thread in threads:
        thread.join()
    if not _closed.is_set():
        raise SystemExit(3)


_closed = threading.Event()


def compact(settings: Settings, stop: threading.Event) -> None:
    """Move captured rows as they come, and delete old ones."""
    from switchyard.capture.compaction import Compactor

    compactor = Compactor(settings)
    waited = _RETIRE_EVERY_S
    interval = min(1.0, settings.serving.capture.flush_s)
    while not stop.wait(interval):
        compactor.run_once()
        waited += interval
        if waited >= _RETIRE_EVERY_S:
            waited = 0.0
            compactor.retire()
    compactor.hand_over(settings.serving.capture.handover_s)


def _until_failure(task: Callable[[], None], stop: threading.Event) -> None:
    """One task's failure ends the process, so that it starts afresh."""
    try:
        task()
    except Exception:
        log.exception("%s failed", threading.current_thread().name)
    finally:
        stop.set()


def _watch_input(stop: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    _closed.set()
    stop.set()


if __name__ == "__main__":
    main()
