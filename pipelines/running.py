"""Run a pipeline on the active stack and turn how it ends into a report and an exit code."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import SQLAlchemyError
from zenml.client import Client
from zenml.enums import ExecutionStatus, StackComponentType
from zenml.exceptions import RunStoppedException
from zenml.models import PipelineRunResponse

from pipelines.summaries import collect, export, show_candidates, summarise
from pipelines.training import training
from steps.fingerprints import RETRY, fingerprint, is_remote
from switchyard.candidates.available import available
from switchyard.candidates.catalogue import check_task, nested
from switchyard.candidates.scoring import scorer_of
from switchyard.configuration.model import UseCase
from switchyard.configuration.tasks import TASKS
from switchyard.console import display
from switchyard.errors import GateRefused, PlatformError, RequestError
from switchyard.evaluation.metrics import find, metrics_of
from switchyard.promotion.gates import check_names
from switchyard.serving.locations import settled


def run_training(use_case: UseCase, *, cache: bool, quiet: bool, verbose: bool) -> int:
    """Run the training pipeline; return the exit code. What a step raises is raised here."""
    check(use_case)
    sources = (*use_case.data.sources, *use_case.data.feedback)
    fingerprints = [fingerprint(source, use_case.data) for source in sources]
    console = Console(stderr=True)
    if not use_case.data.sources and not quiet:
        console.print("[yellow]no source given: training on a generated, synthetic sample")
    for note in available(use_case)[1]:
        console.print(f"[yellow]{escape(note)}", highlight=False)
    name = run_name(use_case)
    pipeline = training.with_options(enable_cache=cache, run_name=name, tags=[use_case.name])
    if any(is_remote(source) for source in sources):
        pipeline = pipeline.with_options(steps={"load_data": {"retry": RETRY}})
    try:
        with platform_failures(), display(console, quiet=quiet or verbose):
            run = pipeline(use_case=use_case.plain(), fingerprints=fingerprints)
    except GateRefused as refusal:
        refused = Client().get_pipeline_run(name)
        folder = export(refused, use_case)
        show_candidates(refused, Console())
        raise GateRefused(f"{refusal}\nreport     {folder / 'report.html'}") from refusal
    except RunStoppedException as stop:
        raise KeyboardInterrupt from stop
    result = collect(finished(run), use_case)
    summarise(result, Console())
    decision = result.decision
    return 0 if decision.promoted or decision.same_model else GateRefused.exit_code


def settled_case(use_case: UseCase) -> UseCase:
    """The use case as steps get it: their parameters are shown to people, and baked into Bentos.

    Errors as of `settled`.
    """
    return use_case.model_copy(update={"serving": settled(use_case.serving, os.environ)})


def run_name(use_case: UseCase) -> str:
    """A name that no run has yet."""
    return f"{use_case.name}-{datetime.now():%Y_%m_%d-%H_%M_%S}-{uuid.uuid4().hex[:4]}"


def check(use_case: UseCase) -> None:
    """Refuse before any work what can be: unknown estimators, parameters, metrics; no tracker."""
    for candidate in use_case.candidates:
        check_task(candidate, use_case.task)
        nested(candidate, {**candidate.parameters, **candidate.search})
    available(use_case)
    kind = TASKS[use_case.task]
    check_names(use_case.promotion, numbers=kind.numbers)
    for name in use_case.monitoring.floors:
        find(name, "monitoring.floors", metrics_of(numbers=kind.numbers))
    scorer_of(use_case.tuning.metric, numbers=kind.numbers)
    stack = Client().active_stack_model
    if not stack.components.get(StackComponentType.EXPERIMENT_TRACKER):
        raise RequestError(
            f"the active stack '{stack.name}' has no experiment tracker; "
            "take one that has, as by `zenml stack set local`"
        )


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


def finished(run: PipelineRunResponse | None) -> PipelineRunResponse:
    """Return the run as the store has it now; PlatformError if it did not complete."""
    if run is None:
        raise PlatformError("the orchestrator started no run; --verbose shows its log")
    run = Client().get_pipeline_run(run.id)
    if run.status != ExecutionStatus.COMPLETED:
        raise PlatformError(f"run '{run.name}' ended as '{run.status.value}'; see its page or log")
    return run
