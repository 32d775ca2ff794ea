"""Why a run that ended elsewhere has failed, as the error that it would have been here."""

from __future__ import annotations

from importlib import import_module

from zenml.enums import ExecutionStatus
from zenml.models import ExceptionInfo, PipelineRunResponse, StepRunResponse

from switchyard.errors import PlatformError, SwitchyardError

OURS = "switchyard."
"""Where errors with exit codes are defined; a name in ZenML's records leads to no other module."""


def failure_of(run: PipelineRunResponse) -> SwitchyardError:
    """The error that ended a run, with its exit code; a PlatformError where none was told."""
    failed = _failed_steps(run)
    told = [
        info for info in (run.exception_info, *(each.exception_info for each in failed)) if info
    ]
    for info in told:
        kind = _kind_of(info)
        if kind is not None:
            return kind(info.message or f"run '{run.name}' failed")
    for info in reversed(told):
        name = (info.source or "error").rpartition(".")[2]
        return PlatformError(f"run '{run.name}' failed with {name}: {info.message}{_hint(failed)}")
    if failed:
        names = ", ".join(f"'{each.name}'" for each in failed)
        return PlatformError(
            f"run '{run.name}' failed: the pod of {names} ended without a word, as one that used "
            "more memory than it may; resources.steps and resources.pipeline say how much that is"
        )
    return PlatformError(f"run '{run.name}' ended as '{run.status.value}'; see its page or log")


def _failed_steps(run: PipelineRunResponse) -> list[StepRunResponse]:
    """Those that failed, the last first."""
    failed = [each for each in run.steps.values() if each.status == ExecutionStatus.FAILED]
    return sorted(failed, key=lambda each: each.created, reverse=True)


def _kind_of(info: ExceptionInfo) -> type[SwitchyardError] | None:
    """The class of an error of ours; None for others."""
    module, _, name = (info.source or "").rpartition(".")
    if not f"{module}.".startswith(OURS):
        return None
    try:
        found = getattr(import_module(module), name, None)
    except ImportError:  # of another version of this project
        return None
    return found if isinstance(found, type) and issubclass(found, SwitchyardError) else None


def _hint(failed: list[StepRunResponse]) -> str:
    return f" (step '{failed[0].name}')" if failed else ""
