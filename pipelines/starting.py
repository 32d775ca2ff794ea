"""Start a pipeline on the active stack, wait for its end, and raise what ended it otherwise."""

from __future__ import annotations

import errno
import os
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError
from zenml.client import Client
from zenml.enums import ExecutionStatus
from zenml.exceptions import RunStoppedException
from zenml.models import PipelineRunResponse
from zenml.pipelines.pipeline_definition import Pipeline
from zenml.utils.run_utils import refresh_run_status

from pipelines.failures import failure_of
from pipelines.following import following
from pipelines.on_pods import twin
from stacks import orchestration
from stacks.deployers.opening import placed_case
from stacks.readiness import check_ready
from switchyard.configuration.model import UseCase
from switchyard.console import display
from switchyard.errors import PlatformError
from switchyard.serving.locations import settled

DEPLOYING = ("deployment", "rollback", "monitoring")
"""Pipelines whose small steps deploy."""

BUILDING = "deployment"
"""The one that first of all builds a Bento."""


@dataclass(frozen=True)
class Manner:
    """How a person wants a run: what is shown of it, and the image of its pods if there are any."""

    quiet: bool = False
    verbose: bool = False
    image: str | None = None


def settled_case(use_case: UseCase) -> UseCase:
    """The use case as steps get it: its stores are where the active stack keeps them.

    Steps' parameters are shown to people and baked into Bentos, so no password is in it. Errors as
    of `settled`; RequestError when the active stack cannot run anything from here.
    """
    check_ready()
    placed = placed_case(use_case)
    return placed.model_copy(update={"serving": settled(placed.serving, os.environ)})


def started(
    pipeline: Pipeline,
    case: UseCase,
    arguments: Mapping[str, Any],
    manner: Manner,
    *,
    name: str | None = None,
    **options: Any,
) -> PipelineRunResponse:
    """Run a pipeline; return the run, which has completed. What a step raises is raised here.

    name: of the run; options: further ones of `with_options`, of which `steps` are for a pipeline
    that is laid out before it runs. PlatformError when the run ends otherwise or the place fails;
    KeyboardInterrupt when it was stopped.
    """
    name, in_pods = name or run_name(case), orchestration.has_pods()
    if in_pods:
        options.pop("steps", None)
    options |= {"run_name": name, "tags": [case.name]}
    prepared = placed(pipeline, case, manner).with_options(**options)
    shown = display(Console(stderr=True), quiet=manner.quiet or manner.verbose)
    try:
        with platform_failures(), shown, following(name, active=in_pods):
            return _ended(prepared, arguments, name, elsewhere=in_pods)
    except RunStoppedException as stop:
        raise KeyboardInterrupt from stop


def placed(pipeline: Pipeline, case: UseCase, manner: Manner, **settings: Any) -> Pipeline:
    """The pipeline as the active stack runs it, with its place; settings: further ones of pods.

    Errors as of `orchestration.options`.
    """
    if orchestration.has_pods():
        pipeline = twin(pipeline)
    place = orchestration.options(
        case,
        _teller(manner),
        image=manner.image,
        deploys=pipeline.name in DEPLOYING,
        builds=pipeline.name == BUILDING,
        further=settings,
    )
    return pipeline.with_options(**place)


def _ended(
    prepared: Pipeline, arguments: Mapping[str, Any], name: str, *, elsewhere: bool
) -> PipelineRunResponse:
    """The run that has completed. elsewhere: what went wrong there is only on record."""
    try:
        return finished(prepared(**arguments))
    except KeyboardInterrupt:
        if elsewhere and (run := _named(name)) is not None:
            sys.stderr.write(f"the run goes on; `zenml pipeline runs stop {run.id}` ends it\n")
        raise
    except RuntimeError as error:
        if not elsewhere or (run := _named(name)) is None:
            raise
        if not run.status.is_finished:  # its pods have failed so often that none is left
            run = refresh_run_status(run, include_step_updates=True)
        if run.status == ExecutionStatus.COMPLETED:
            return run
        raise failure_of(run) from error


def finished(run: PipelineRunResponse | None) -> PipelineRunResponse:
    """Return the run as the store has it now; if it did not complete, what ended it is raised."""
    if run is None:
        raise PlatformError("the orchestrator started no run; --verbose shows its log")
    run = Client().get_pipeline_run(run.id)
    if run.status != ExecutionStatus.COMPLETED:
        raise failure_of(run)
    return run


def run_name(use_case: UseCase) -> str:
    """A name that no run has yet."""
    return f"{use_case.name}-{datetime.now():%Y_%m_%d-%H_%M_%S}-{uuid.uuid4().hex[:4]}"


@contextmanager
def platform_failures() -> Iterator[None]:
    """Turn what the disk or the database refuses inside the block into a PlatformError."""
    try:
        yield
    except OSError as error:
        place = f" at '{error.filename}'" if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        advice = "free some space" if full else "check that it exists and may be written"
        raise PlatformError(
            f"the system refused{place}: {error.strerror or error}; {advice}, then run the same "
            "command again: finished steps are kept"
        ) from error
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise PlatformError(
            f"the store's database failed: {cause}; check the disk and the store "
            f"({Client().zen_store.url}), then run the same command again"
        ) from error


def _named(name: str) -> PipelineRunResponse | None:
    try:
        return Client().get_pipeline_run(name, allow_name_prefix_match=False)
    except KeyError:
        return None


def _teller(manner: Manner) -> Any:
    """What the lines of an image's build go to."""

    def tell(line: str) -> None:
        if not manner.quiet:
            sys.stderr.write(f"{line}\n")

    return tell
