"""Progress as log records: a step says how far it is, whoever runs it decides how that looks.

On a terminal a handler draws bars (switchyard/console.py); in a pod the records are plain lines;
in both cases ZenML keeps them with the step.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger("switchyard.progress")

Report = Callable[[int, int | None, str], None]


@contextmanager
def stage(title: str) -> Iterator[Report]:
    """Announce a piece of work; yield `report(done, total, text)` for what happens inside it.

    `total` is None where it is unknown. Records carry `stage`, `done`, `total` and `state`
    ('started', 'running', 'finished', 'failed').
    """

    def report(done: int, total: int | None, text: str = "") -> None:
        logger.info("%s: %s", title, text, extra=_fields(title, "running", done, total, text))

    started = time.monotonic()
    logger.info("%s", title, extra=_fields(title, "started", 0, None, ""))
    try:
        yield report
    except BaseException:
        logger.info("%s: stopped", title, extra=_fields(title, "failed", 0, None, "stopped"))
        raise
    text = f"{time.monotonic() - started:.1f} s"
    logger.info("%s: done, %s", title, text, extra=_fields(title, "finished", 1, 1, text))


def announce(title: str, state: str, text: str = "") -> None:
    """Tell of a piece of work that somebody else does; state: as of `stage`."""
    done = int(state == "finished")
    logger.info("%s: %s %s", title, state, text, extra=_fields(title, state, done, None, text))


def _fields(title: str, state: str, done: int, total: int | None, text: str) -> dict[str, object]:
    return {"stage": title, "state": state, "done": done, "total": total, "text": text}
