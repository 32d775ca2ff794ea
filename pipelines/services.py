"""What run.py does with services that are deployed: show, stop, read their logs.

Nothing here imports a pipeline or a step: a person who looks does not wait for what trains.
"""

from __future__ import annotations

from rich.console import Console

from pipelines.deployment_summaries import status_table
from stacks.deployers.opening import open_deployer
from switchyard.errors import RequestError
from switchyard.tracking.records import CHAMPION


def status() -> int:
    """Print what is deployed, and whether the champion of each use case is what serves."""
    console = Console()
    deployed = open_deployer().all(stopped=True)
    if not deployed:
        console.print("nothing is deployed; run.py --pipeline deployment deploys the champion")
        return 0
    from steps.tracking import open_tracker

    tracker = open_tracker()
    champions = {each.release.name: tracker.champion(each.release.name) for each in deployed}
    console.print(status_table(deployed, champions))
    for each in deployed:
        champion = champions[each.release.name]
        if champion is not None and str(champion.number) != each.release.model_version:
            console.print(
                f"[yellow]{each.release.name}: the {CHAMPION} is version {champion.number}, "
                f"deployed is version {each.release.model_version}; "
                "run.py --pipeline deployment, with its --config, deploys the champion",
                highlight=False,
            )
    return 0


def stop(name: str) -> int:
    """End the service of a use case; RequestError when there is none."""
    deployer = open_deployer()
    if not deployer.stop(name):
        names = ", ".join(f"'{each.release.name}'" for each in deployer.all()) or "nothing"
        raise RequestError(f"'{name}' is not running; deployed is: {names}")
    Console().print(
        f"'{name}' is stopped; run.py --pipeline deployment, with its --config, starts it again"
    )
    return 0


def logs(name: str, lines: int) -> int:
    """Print the last lines of a service's log; RequestError when it was never deployed."""
    Console(soft_wrap=True).out(open_deployer().logs(name, lines), highlight=False)
    return 0
