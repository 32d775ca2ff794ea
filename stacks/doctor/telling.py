"""Findings as lines for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from stacks.doctor.findings import Finding

_STYLES = {"ok": "green", "note": "yellow", "wrong": "bold red"}


def line(finding: Finding, width: int) -> Text:
    """One line: state, what it is about in a column of `width`, what was found, how to mend it."""
    text = Text(f"{finding.state:<6}", style=_STYLES[finding.state])
    told = " ".join(finding.told.split())
    fix = f" → {finding.fix}" if finding.fix else ""
    return text.append(f"{finding.about:<{width}}  {told}{fix}", style="default")


def summary(stack: str, findings: Sequence[Finding]) -> str:
    """The last line."""
    wrong = sum(each.state == "wrong" for each in findings)
    if not wrong:
        return f"stack '{stack}' is healthy: {len(findings)} checks"
    return f"stack '{stack}': {wrong} of {len(findings)} checks found something wrong"
