"""Tell of the steps of a run that runs elsewhere, as `switchyard.progress` tells of those here."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from zenml.client import Client
from zenml.exceptions import ZenMLBaseException
from zenml.models import StepRunResponse

from switchyard.progress import announce

EVERY_S = 2.0

logger = logging.getLogger(__name__)


@contextmanager
def following(name: str, *, active: bool) -> Iterator[None]:
    """Announce the steps of the run `name` while the block runs; nothing when not `active`."""
    if not active:
        yield
        return
    over = threading.Event()
    follower = threading.Thread(target=_follow, args=(name, over), name="following", daemon=True)
    follower.start()
    try:
        yield
    finally:
        over.set()
        follower.join()


def _follow(name: str, over: threading.Event) -> None:
    told: dict[str, str] = {}
    last = False
    while not last:
        last = over.wait(EVERY_S)  # and look once more
        try:
            for step in _steps(name):
                _tell(step, told)
        except (KeyError, OSError, RuntimeError, ZenMLBaseException) as error:
            # What only shows must not end what works.
            logger.debug("the steps of '%s' cannot be shown: %s", name, error)


def _steps(name: str) -> list[StepRunResponse]:
    runs = Client().list_pipeline_runs(name=name, size=1, hydrate=False).items
    if not runs:
        return []
    found = Client().list_run_steps(
        pipeline_run_id=runs[0].id, sort_by="asc:created", size=500, hydrate=False
    )
    return list(found.items)


def _tell(step: StepRunResponse, told: dict[str, str]) -> None:
    """One record when a step has begun, one when it has ended."""
    state = "started"
    if step.status.is_finished:
        state = "finished" if step.status.is_successful else "failed"
    if told.get(step.name) == state:
        return
    if step.name not in told and state != "started":
        announce(step.name, "started")
    told[step.name] = state
    took = step.end_time - step.start_time if step.end_time and step.start_time else None
    text = f"{took.total_seconds():.1f} s" if took else step.status.value
    announce(step.name, state, text)
