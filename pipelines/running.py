"""Run a pipeline on the active stack and turn how it ends into a report and an exit code."""

from __future__ import annotations

from rich.console import Console
from zenml.client import Client
from zenml.enums import ExecutionStatus
from zenml.models import PipelineRunResponse

from pipelines.summaries import export, summarise
from pipelines.training import training
from steps.fingerprints import fingerprint
from switchyard.candidates.catalogue import build, nested
from switchyard.configuration.model import UseCase
from switchyard.console import display
from switchyard.errors import PlatformError, RequestError


def run_training(use_case: UseCase, *, cache: bool, quiet: bool, verbose: bool) -> int:
    """Run the training pipeline; return the exit code. Errors of the steps are raised as they are."""
    check(use_case)
    console = Console(stderr=True)
    if not use_case.data.sources and not quiet:
        console.print("[yellow]no source given: training on a generated, synthetic sample")
    with display(console, quiet=quiet or verbose):
        run = training.with_options(enable_cache=cache)(
            use_case=use_case.plain(),
            fingerprints=[fingerprint(source) for source in use_case.data.sources],
        )
    run = finished(run)
    folder = export(run, use_case)
    return summarise(run, use_case, folder, quiet=quiet)


def check(use_case: UseCase) -> None:
    """Refuse what can be refused before any work: unknown estimators and parameters, no tracker."""
    for candidate in use_case.candidates:
        build(candidate, use_case.seed)
        nested(candidate, candidate.search)
    stack = Client().active_stack_model
    if not any(kind.value == "experiment_tracker" for kind in stack.components):
        raise RequestError(
            f"the active stack '{stack.name}' has no experiment tracker; "
            "take one that has, as by `zenml stack set local`"
        )


def finished(run: PipelineRunResponse | None) -> PipelineRunResponse:
    """Return the run as the store has it now; PlatformError if it did not complete."""
    if run is None:
        raise PlatformError("the orchestrator started no run; --verbose shows its log")
    run = Client().get_pipeline_run(run.id)
    if run.status != ExecutionStatus.COMPLETED:
        raise PlatformError(f"run '{run.name}' ended as '{run.status.value}'; see its page or log")
    return run
