"""What a person gets when something was deployed: where it answers, what it is, how to ask it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bento.folders import SMOKE
from switchyard.configuration.model import UseCase
from switchyard.data.notices import SYNTHETIC
from switchyard.errors import PlatformError
from switchyard.serving.archives import opened
from switchyard.serving.releases import Deployment
from switchyard.tracking.records import Version


def summarise(deployed: Deployment, use_case: UseCase, console: Console) -> None:
    """Print where the service answers and from which version and data, with an example."""
    release = deployed.release
    if release.synthetic:
        console.print(f"[bold yellow]{SYNTHETIC}")
    title = f"{use_case.title}: version {release.model_version} answers at {deployed.url}"
    console.print(f"[bold]{escape(title)}", highlight=False)
    before = deployed.previous
    facts = {
        "since": deployed.since,
        "Bento": release.bento,
        "data": f"{release.data_digest[:12]}{' (synthetic)' if release.synthetic else ''}",
        "before": f"version {before.model_version} ({before.bento})" if before else "nothing",
        "page": f"{deployed.url}/",
        "API": f"{deployed.url}/docs",
        "status": "run.py status, logs, stop",
        "try": tried(deployed),
    }
    for name, fact in facts.items():
        console.print(f"{name:<10} {fact}", soft_wrap=True, highlight=False, markup=False)
    for note in deployed.notes:
        console.print(f"[yellow]{escape(note)}", highlight=False)


_MOST = 2_000
"""Characters of an instance that a person may be shown on a command line."""


def tried(deployed: Deployment) -> str:
    """`example` of what is deployed; where its folder is not to be had, the page that has some."""
    try:
        with opened(deployed.release) as folder:
            return example(deployed.url, folder)
    except PlatformError:
        return f"{deployed.url}/, whose page has examples"


def example(url: str, folder: Path) -> str:
    """A command line that asks the service; folder: of the release, which knows instances.

    Of a model with very many columns it asks for instances, which are its examples.
    """
    tried = json.loads((folder / SMOKE).read_bytes())
    instances = [each["instance"] for each in tried[:1]]
    body = shlex.quote(
        json.dumps({"instances": instances}, separators=(",", ":"), ensure_ascii=False)
    )
    if len(body) > _MOST:
        columns = len(instances[0])
        return f"curl -s {url}/model, whose examples are whole instances ({columns:,} columns)"
    return f"curl -s {url}/predict -H 'content-type: application/json' -d {body}"


def status_table(deployed: Sequence[Deployment], champions: Mapping[str, Version | None]) -> Table:
    """A block a service; champions: by the names of use cases."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for number, each in enumerate(deployed):
        if number:
            table.add_row("", "")
        release, champion = each.release, champions.get(each.release.name)
        synthetic = " (synthetic)" if release.synthetic else ""
        rows = {
            f"[bold]{release.name}": f"[bold]version {release.model_version}, {_health(each)}",
            "URL": each.url,
            "since": _short_time(each.since),
            "data": f"{release.data_digest[:12]}{synthetic}",
            "Bento": release.bento,
            "champion": f"version {champion.number}" if champion else "none",
            "restarts": str(each.restarts),
        }
        for name, value in rows.items():
            table.add_row(name, value)
    return table


def _health(deployed: Deployment) -> str:
    if deployed.stopped:
        return "stopped"
    return "healthy" if deployed.healthy else "[red]not answering"


def _short_time(stamp: str) -> str:
    """An ISO time in UTC to the minute."""
    return f"{datetime.fromisoformat(stamp).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
