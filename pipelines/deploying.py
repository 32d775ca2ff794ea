"""Run a deployment on the active stack and turn how it ends into a report and an exit code."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from zenml.exceptions import RunStoppedException

from pipelines.deployment import deployment, rollback
from pipelines.deployment_summaries import summarise
from pipelines.running import finished, platform_failures, run_name, settled_case
from stacks.deployers.opening import open_deployer
from switchyard.configuration.model import UseCase
from switchyard.console import display
from switchyard.errors import PlatformError
from switchyard.serving.releases import Deployment


def run_deployment(use_case: UseCase, version: int | None, *, quiet: bool, verbose: bool) -> int:
    """Deploy a version, the champion when it is None; return the exit code.

    What a step raises is raised here: GateRefused when the service does not pass its smoke test;
    then what served before goes on serving.
    """
    return _run(deployment, {"wanted": version}, use_case, quiet=quiet, verbose=verbose)


def run_rollback(use_case: UseCase, *, quiet: bool, verbose: bool) -> int:
    """Deploy what was deployed before, and make it the champion; return the exit code."""
    return _run(rollback, {}, use_case, quiet=quiet, verbose=verbose)


def _run(
    pipeline: Any, arguments: dict[str, Any], use_case: UseCase, *, quiet: bool, verbose: bool
) -> int:
    deployer = open_deployer()  # refuses a stack without one before any work
    arguments = {**arguments, "use_case": settled_case(use_case).plain()}
    prepared = pipeline.with_options(run_name=run_name(use_case), tags=[use_case.name])
    try:
        with platform_failures(), display(Console(stderr=True), quiet=quiet or verbose):
            run = prepared(**arguments)
    except RunStoppedException as stop:
        raise KeyboardInterrupt from stop
    finished(run)
    deployed: Deployment | None = deployer.current(use_case.name)
    if deployed is None:
        raise PlatformError(
            f"'{use_case.name}' was deployed and is gone already; run.py logs may say why"
        )
    summarise(deployed, use_case, Console())
    return 0
