"""Run a deployment on the active stack and turn how it ends into a report and an exit code."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from pipelines.deployment import deployment, rollback
from pipelines.deployment_summaries import summarise
from pipelines.starting import Manner, settled_case, started
from stacks.deployers.opening import open_deployer
from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.serving.releases import Deployment


def run_deployment(use_case: UseCase, manner: Manner, version: int | None) -> int:
    """Deploy a version, the champion when it is None; return the exit code.

    What a step raises is raised here: GateRefused when the service does not pass its smoke test;
    then what served before goes on serving.
    """
    return _run(deployment, {"wanted": version}, use_case, manner)


def run_rollback(use_case: UseCase, manner: Manner) -> int:
    """Deploy what was deployed before, and make it the champion; return the exit code."""
    return _run(rollback, {}, use_case, manner)


def _run(pipeline: Any, arguments: dict[str, Any], use_case: UseCase, manner: Manner) -> int:
    deployer = open_deployer()  # refuses a stack without one before any work
    use_case = settled_case(use_case)
    started(pipeline, use_case, {**arguments, "use_case": use_case.plain()}, manner)
    deployed: Deployment | None = deployer.current(use_case.name)
    if deployed is None:
        raise PlatformError(
            f"'{use_case.name}' was deployed and is gone already; run.py logs may say why"
        )
    summarise(deployed, use_case, Console())
    return 0
