"""What a person gets when something was deployed: where it answers, what it is, how to ask it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from stacks.deployers.releases import Deployment
from switchyard.configuration.model import UseCase
from switchyard.data.notices import SYNTHETIC
from switchyard.tracking import Version

EXAMPLE = {"instances": [{"url": "paypa1-login.example/verify"}]}


def summarise(deployed: Deployment, use_case: UseCase, console: Console) -> None:
    """Print where the service answers and from which version and data, with an example."""
    release = deployed.release
    if release.synthetic:
        console.print(f"[bold yellow]{SYNTHETIC}")
    title = f"{use_case.title}: version {release.model_version} answers at {deployed.url}"
    console.print(f"[bold]{title}", highlight=False)
    before = deployed.previous
    facts = {
        "since": deployed.since,
        "Bento": release.bento,
        "data": f"{release.data_digest[:12]}{' (synthetic)' if release.synthetic else ''}",
        "before": f"version {before.model_version} ({before.bento})" if before else "nothing",
        "page": f"{deployed.url}/",
        "API": f"{deployed.url}/docs",
        "status": "run.py status, logs, stop",
        "try": example(deployed.url),
    }
    for name, fact in facts.items():
        console.print(f"{name:<10} {fact}", soft_wrap=True, highlight=False, markup=False)
    for note in deployed.notes:
        console.print(f"[yellow]{note}", highlight=False)


def example(url: str) -> str:
    """A command line that asks the service."""
    body = shlex.quote(json.dumps(EXAMPLE, separators=(",", ":")))
    return f"curl -s {url}/predict -H 'content-type: application/json' -d {body}"


def status_table(deployed: Sequence[Deployment], champions: Mapping[str, Version | None]) -> Table:
    """One row a service; champions: by the names of use cases."""
    table = Table(title="Deployed", title_justify="left")
    for name in ("use case", "version", "champion", "URL", "since", "data", "healthy"):
        table.add_column(name, no_wrap=name in ("URL", "version"))
    table.add_column("restarts", justify="right")
    for each in deployed:
        release, champion = each.release, champions.get(each.release.name)
        table.add_row(
            release.name,
            release.model_version,
            str(champion.number) if champion else "none",
            each.url,
            _short_time(each.since),
            f"{release.data_digest[:12]}{' synthetic' if release.synthetic else ''}",
            _health(each),
            str(each.restarts),
        )
    return table


def _health(deployed: Deployment) -> str:
    if deployed.stopped:
        return "stopped"
    return "yes" if deployed.healthy else "[bold red]no"


def _short_time(stamp: str) -> str:
    """An ISO time in UTC to the minute."""
    return f"{datetime.fromisoformat(stamp).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
