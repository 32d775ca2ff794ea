"""What `run.py stack …` does: apply a file, examine a stack."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError


def apply_file(path: Path, *, dry_run: bool) -> int:
    """Print what differs from the file, then change it, unless it is a dry run."""
    from stacks.apply import make, plan
    from stacks.files import read

    console = Console(soft_wrap=True)
    changes = plan(path)
    for change in changes:
        console.out(change.shown(), highlight=False)
    if not changes:
        console.out(f"'{path}' is up to date", highlight=False)
    elif not dry_run:
        make(changes)
        told = "one change is" if len(changes) == 1 else f"{len(changes)} changes are"
        name = read(path).name
        console.out(f"{told} made; `uv run zenml stack set {name}` takes it", highlight=False)
    return 0


def examine_stack(name: str | None, case: UseCase, *, as_json: bool) -> int:
    """Check each component of a stack, the active one when no name is given; 0 or 3.

    The use case says which port its service wants.
    """
    from stacks.doctor.examining import examine
    from stacks.doctor.telling import line, summary

    console = Console(soft_wrap=True)
    examined = examine(name, case)
    findings = []
    for finding in examined.findings:
        findings.append(finding)
        if not as_json:
            console.print(line(finding, examined.width), highlight=False)
    wrong = [each for each in findings if each.state == "wrong"]
    if as_json:
        told = [each.model_dump() for each in findings]
        console.out(
            json.dumps({"stack": examined.stack, "ok": not wrong, "findings": told}),
            highlight=False,
        )
    else:
        console.out(summary(examined.stack, findings), highlight=False)
    return PlatformError.exit_code if wrong else 0
