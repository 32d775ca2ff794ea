"""`run.py schedule`: monitoring by the cluster's own clock, a CronJob of ZenML's orchestrator.

It keeps what it was made with: configuration, code and image of that day. The same command again
takes those of today.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from zenml.client import Client
from zenml.config.schedule import Schedule
from zenml.models import ScheduleResponse

from pipelines.monitoring import monitoring
from pipelines.monitoring_runs import names_sources
from pipelines.running import check
from pipelines.shipping import with_sources
from pipelines.starting import Manner, placed, settled_case
from stacks import orchestration
from switchyard.configuration.layers import Resolved
from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError, RequestError

SUFFIX = "-monitoring"
ONE_AT_A_TIME = {
    "concurrency_policy": "Forbid",
    "starting_deadline_seconds": 300,
    "successful_jobs_history_limit": 3,
    "failed_jobs_history_limit": 3,
}
"""A firing that finds the run before at work is left out."""


def schedule_monitoring(resolved: Resolved, cron: str, manner: Manner) -> int:
    """Monitor a use case whenever `cron` says; what was scheduled for it before is replaced.

    RequestError for no cron expression, or a stack without pods; PlatformError when the cluster
    refuses.
    """
    check_cron(cron)
    if not orchestration.has_pods():
        stack = Client().active_stack_model.name
        raise RequestError(
            f"stack '{stack}' has no clock of its own; `run.py watch --every 15m` monitors from "
            "here, `zenml stack set NAME` takes a stack on Kubernetes"
        )
    case = settled_case(resolved.use_case)
    check(case)
    prepared = placed(monitoring, case, manner, **ONE_AT_A_TIME).with_options(
        run_name=f"{case.name}-{{date}}-{{time}}",
        tags=[case.name],
        schedule=Schedule(name=_name(case), cron_expression=cron),
    )
    replaced = _remove(case)
    try:
        prepared(use_case=with_sources(case).plain(), given=names_sources(resolved))
    except RuntimeError as error:
        gone = "; the schedule before it is gone" if replaced else ""
        raise PlatformError(f"monitoring cannot be scheduled: {error}{gone}") from error
    Console().print(f"'{case.name}' is monitored at {cron} (UTC)", highlight=False)
    return 0


def stop_schedule(case: UseCase) -> int:
    """Monitor a use case no longer; a run that is at work ends as it would have."""
    if not _remove(case):
        names = ", ".join(f"'{each.name}'" for each in _schedules()) or "nothing"
        raise RequestError(f"'{case.name}' is not monitored on a schedule; scheduled is: {names}")
    Console().print(f"'{case.name}' is monitored no longer", highlight=False)
    return 0


def show_schedules() -> int:
    """Print what is scheduled."""
    found = _schedules()
    if not found:
        Console().print("nothing is scheduled; run.py schedule monitoring --cron '*/15 * * * *'")
        return 0
    table = Table()
    for title in ("use case", "cron (UTC)", "active", "since"):
        table.add_column(title)
    for each in found:
        name = each.name.removesuffix(SUFFIX)
        active = "yes" if each.active else "no"
        table.add_row(name, each.cron_expression or "", active, f"{each.created:%Y-%m-%d %H:%M}")
    Console().print(table)
    return 0


def check_cron(cron: str) -> None:
    """RequestError unless `cron` is five fields that Kubernetes understands."""
    from croniter import croniter

    if len(cron.split()) != 5 or not croniter.is_valid(cron):
        raise RequestError(
            f"--cron '{cron}' is no cron expression; it has five fields, as in '*/15 * * * *' for "
            "every quarter of an hour: minute, hour, day of the month, month, day of the week"
        )


def _name(case: UseCase) -> str:
    return f"{case.name}{SUFFIX}"


def _schedules(**wanted: Any) -> list[ScheduleResponse]:
    found = Client().list_schedules(size=500, **wanted).items
    return [each for each in found if each.name.endswith(SUFFIX)]


def _remove(case: UseCase) -> bool:
    """Take the use case's schedules away, with their CronJobs; whether there were any."""
    found = _schedules(name=_name(case))
    for each in found:
        Client().delete_schedule(each.id, soft=False)
    return bool(found)
