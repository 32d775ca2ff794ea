"""Run monitoring on the active stack and turn how it ends into a report and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from zenml.models import PipelineRunResponse

from pipelines.calling import last_calls
from pipelines.monitoring import monitoring
from pipelines.monitoring_summaries import Watched, summarise
from pipelines.running import check
from pipelines.shipping import with_sources
from pipelines.starting import Manner, platform_failures, settled_case, started
from steps import guarding, retraining
from steps import monitoring as checking
from switchyard.configuration.layers import Resolved
from switchyard.configuration.model import UseCase
from switchyard.monitoring.records import MonitoringStore, store_location
from switchyard.monitoring.results import Verdict
from switchyard.retraining.locks import holder


def run_monitoring(resolved: Resolved, manner: Manner, *, dry_run: bool) -> int:
    """Run the pipeline; return the exit code. What a step raises is raised here.

    dry_run: no pipeline is run and nothing is written, sent, trained or deployed.
    """
    case = settled_case(resolved.use_case)
    check(case)
    if dry_run:
        return _foretell(case)
    arguments = {"use_case": with_sources(case).plain(), "given": names_sources(resolved)}
    watched = collect(started(monitoring, case, arguments, manner))
    summarise(watched, Console())
    return watched.exit_code


def names_sources(resolved: Resolved) -> bool:
    """Whether the command line or the environment names the data: then those are retrained on.

    A file that names them is what the champion was trained by, unless somebody said otherwise then.
    """
    return any(
        key[:2] == ("data", "sources") and origin.startswith(("--", "SWITCHYARD__"))
        for key, origin in resolved.origins.items()
    )


def collect(run: PipelineRunResponse) -> Watched:
    """Read back what the steps found and did."""
    steps = last_calls(run)

    def made(step: str, output: str) -> Any:
        found = steps.get(step)
        return found.outputs[output][0].load() if found and output in found.outputs else None

    return Watched(
        guard=made("guard_deployment", "guard_verdict"),
        verdicts=made("check_windows", "verdicts") or (),
        plan=made("decide_retraining", "plan"),
        rollback=made("take_back", "rollback"),
        retrained=made("end_retraining", "retrained"),
    )


def latest(kept: Sequence[Verdict], made: Sequence[Verdict]) -> list[Verdict]:
    """The verdict of each window: one that is made replaces one that is kept."""
    return list({each.since: each for each in (*kept, *made)}.values())


def _foretell(case: UseCase) -> int:
    """Say what would be done, by the same functions that the steps call."""
    store = MonitoringStore(store_location(case))
    with platform_failures():
        guard = guarding.look(case, dry_run=True)
        verdicts = checking.look(case, dry_run=True)
        plan = retraining.look(
            case, holder(store), dry_run=True, verdicts=latest(store.verdicts(), verdicts)
        )
    watched = Watched(guard, verdicts, plan)
    summarise(watched, Console(), dry_run=True)
    return watched.exit_code
