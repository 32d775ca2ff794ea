"""What a person gets when files were scored: how many rows, how many rejected, why, and where."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape

from switchyard.configuration.model import UseCase
from switchyard.configuration.tasks import TASKS
from switchyard.inference.results import Counts, Outcome

_PROBLEMS = 5


def summarise(
    outcome: Outcome, work: Mapping[str, float], use_case: UseCase, console: Console
) -> None:
    """Print the outcome. work: sums over the shards of what this run scored, and its seconds."""
    counts = outcome.counts
    for note in outcome.notes:
        console.print(f"[yellow]{escape(note)}", highlight=False)
    console.print(
        f"[bold]{escape(use_case.title)}: {counts.scored:,} rows scored by version "
        f"{outcome.version}",
        highlight=False,
    )
    facts = {
        "input": f"{counts.rows:,} rows of {_many(outcome.files, 'file')}",
        "rejected": _rejected(outcome),
        **_said(outcome, use_case),
        "speed": _speed(work),
        "output": outcome.output,
        "rejects": outcome.rejects or "none",
    }
    width = max(10, *(len(name) for name in facts))
    for name, fact in facts.items():
        console.print(f"{name:<{width}} {fact}", soft_wrap=True, highlight=False, markup=False)
    if not counts.scored:
        console.print("[bold red]no row could be scored; the rejects say why", highlight=False)


def _rejected(outcome: Outcome) -> str:
    counts = outcome.counts
    if not counts.rejected:
        return "0"
    named = list(counts.problems.items())[:_PROBLEMS]
    why = ", ".join(f"{problem} {count:,}" for problem, count in named)
    more = ", …" if len(counts.problems) > _PROBLEMS else ""
    return f"{counts.rejected:,} ({why}{more})"


def _said(outcome: Outcome, use_case: UseCase) -> dict[str, str]:
    """What the model said of the rows, and of how many of a table with a warning."""
    counts, target = outcome.counts, use_case.target
    facts = {}
    if target is not None and TASKS[use_case.task].numbers:
        facts[target.column] = _range(counts, target.unit)
    else:
        share = outcome.positive_share
        said = "-" if share is None else f"{counts.positive:,} ({share:.1%})"
        facts[use_case.labels.positive] = said
    if counts.warned is not None:
        facts["warnings"] = f"{counts.warned:,}"
    return facts


def _range(counts: Counts, unit: str) -> str:
    if counts.mean is None:
        return "-"
    mean, lowest, highest = (
        f"{each:,.4g}" for each in (counts.mean, counts.lowest, counts.highest)
    )
    return f"{mean} on average, {lowest} to {highest}{f' {unit}' if unit else ''}"


def _speed(work: Mapping[str, float]) -> str:
    rows, seconds, kept = (work[f"scored_{name}"] for name in ("rows", "seconds", "kept_chunks"))
    speed = f"{rows / seconds:,.0f} rows a second" if rows and seconds else "nothing left to score"
    resumed = f"; {_many(int(kept), 'chunk')} scored by an earlier run" if kept else ""
    return speed + resumed


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
