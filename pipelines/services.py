"""What run.py does with services: deploy, roll back, show, stop."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from zenml.exceptions import RunStoppedException
from zenml.models import PipelineRunResponse

from pipelines.deployment import deployment, rollback
from pipelines.deployment_summaries import status_table, summarise
from pipelines.running import finished, platform_failures, run_name
from stacks.deployers.releases import Deployment
from steps.deployers import open_deployer
from steps.tracking import open_tracker
from switchyard.configuration.model import UseCase
from switchyard.console import display
from switchyard.errors import RequestError
from switchyard.tracking import CHAMPION


def run_deployment(use_case: UseCase, version: int | None, *, quiet: bool, verbose: bool) -> int:
    """Deploy a version, the champion when it is None; return the exit code.

    What a step raises is raised here: GateRefused when the service does not pass its smoke test;
    then what served before goes on serving.
    """
    arguments = {"use_case": use_case.plain(), "wanted": version}
    return _run(deployment, arguments, use_case, quiet=quiet, verbose=verbose)


def run_rollback(use_case: UseCase, *, quiet: bool, verbose: bool) -> int:
    """Deploy what was deployed before, and make it the champion; return the exit code."""
    arguments = {"use_case": use_case.plain()}
    return _run(rollback, arguments, use_case, quiet=quiet, verbose=verbose)


def _run(
    pipeline: Any, arguments: dict[str, Any], use_case: UseCase, *, quiet: bool, verbose: bool
) -> int:
    open_deployer()  # refuses a stack without one before any work
    prepared = pipeline.with_options(run_name=run_name(use_case), tags=[use_case.name])
    try:
        with platform_failures(), display(Console(stderr=True), quiet=quiet or verbose):
            run = prepared(**arguments)
    except RunStoppedException as stop:
        raise KeyboardInterrupt from stop
    summarise(_deployment_of(finished(run)), use_case, Console())
    return 0


def _deployment_of(run: PipelineRunResponse) -> Deployment:
    for step in run.steps.values():
        if "deployment" in step.outputs:
            made: Deployment = step.outputs["deployment"][0].load()
            return made
    raise AssertionError("a deployment run without a deployment")


def status() -> int:
    """Print what is deployed, and whether the champion of each use case is what serves."""
    console = Console()
    deployed = open_deployer().all()
    if not deployed:
        console.print("nothing is deployed; run.py --pipeline deployment deploys the champion")
        return 0
    tracker = open_tracker()
    champions = {each.release.name: tracker.champion(each.release.name) for each in deployed}
    console.print(status_table(deployed, champions))
    for each in deployed:
        champion = champions[each.release.name]
        if champion is not None and str(champion.number) != each.release.model_version:
            console.print(
                f"[yellow]{each.release.name}: the {CHAMPION} is version {champion.number}, "
                f"version {each.release.model_version} serves; "
                "run.py --pipeline deployment deploys the champion",
                highlight=False,
            )
    return 0


def stop(name: str) -> int:
    """End the service of a use case; RequestError when there is none."""
    deployer = open_deployer()
    if not deployer.stop(name):
        raise RequestError(f"nothing is deployed for '{name}'; {_others(deployer.all())}")
    print(f"'{name}' is stopped; run.py --pipeline deployment starts it again")  # noqa: T201
    return 0


def logs(name: str, lines: int) -> int:
    """Print the last lines of a service's log; RequestError when there is none."""
    deployer = open_deployer()
    if deployer.current(name) is None:
        raise RequestError(f"nothing is deployed for '{name}'; {_others(deployer.all())}")
    print(deployer.logs(name, lines), end="")  # noqa: T201
    return 0


def _others(deployed: list[Deployment]) -> str:
    names = ", ".join(f"'{each.release.name}'" for each in deployed)
    return f"deployed are: {names}" if names else "nothing else is either"
