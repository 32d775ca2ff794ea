"""What a person gets when monitoring has ended: verdicts, decisions with reasons, what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from switchyard.errors import GateRefused
from switchyard.guarding.judging import GuardVerdict
from switchyard.guarding.records import Rollback
from switchyard.monitoring.results import Verdict
from switchyard.retraining.planning import Plan
from switchyard.retraining.records import Retrained

STYLES = {"quiet": "green", "drifted": "yellow", "too-few-rows": "dim"}


@dataclass(frozen=True)
class Watched:
    """What a run of monitoring found and did; None where a step was not called for."""

    guard: GuardVerdict | None
    verdicts: Sequence[Verdict]
    plan: Plan
    rollback: Rollback | None = None
    retrained: Retrained | None = None

    @property
    def exit_code(self) -> int:
        """0: nothing is wrong, or a new champion has mended it; 1: a gate refused something."""
        if self.rollback is not None or (self.guard is not None and self.guard.failed):
            return GateRefused.exit_code
        if self.retrained is not None:
            return 0 if self.retrained.promoted else GateRefused.exit_code
        return GateRefused.exit_code if self.worrying else 0

    @property
    def worrying(self) -> list[Verdict]:
        """The complete windows of this run that drifted or lost performance."""
        return [
            each
            for each in self.verdicts
            if not each.provisional and (each.status == "drifted" or each.lost_performance)
        ]

    @property
    def outcome(self) -> str:
        """The run in one sentence."""
        if self.rollback is not None and self.rollback.outcome:
            return f"version {self.rollback.version} is not taken back: {self.rollback.outcome}"
        if self.rollback is not None:
            return f"rolled back from version {self.rollback.version} to {self.rollback.to}"
        if self.retrained is not None:
            done = self.retrained
            if not done.promoted:
                return f"retrained as version {done.version}; {done.outcome}"
            served = "deployed" if done.deployed else f"not deployed: {done.not_deployed}"
            return f"retrained: version {done.version} is the champion, {served}"
        complete = [each for each in self.verdicts if not each.provisional]
        told = f"{len(complete)} windows checked, {len(self.worrying)} of them worrying"
        return f"{told}; {self.plan.decision.summary}"


def summarise(watched: Watched, console: Console, *, dry_run: bool = False) -> None:
    """Print the verdicts, each decision with its reasons, and the outcome as the last line."""
    if watched.verdicts:
        console.print(verdict_table(watched.verdicts))
    else:
        console.print("no window of captured requests is to be checked")
    if watched.guard is not None:
        bad = watched.guard.roll_back
        _reasons(console, "roll back" if bad else "no roll-back", watched.guard.reasons)
    decision = watched.plan.decision
    _reasons(console, "retrain" if decision.retrain else "no retraining", decision.reasons)
    if dry_run:
        acts = []
        if watched.guard is not None and watched.guard.roll_back:
            acts.append("roll back")
        if decision.retrain:
            acts.append("retrain")
        told = " and ".join(acts) or "do nothing more"
        console.print(f"dry run: monitoring would {told}", highlight=False, soft_wrap=True)
        return
    console.print(watched.outcome, highlight=False, soft_wrap=True, markup=False)


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """A line a window."""
    table = Table(title="Windows of captured requests (UTC)", title_justify="left")
    for name in ("window", "rows", "verdict", "drifted columns", "labels", "performance", "why"):
        right = name in ("rows", "drifted columns", "labels")
        table.add_column(name, justify="right" if right else "left")
    for each in verdicts:
        performance = each.performance
        table.add_row(
            f"{each.since:%Y-%m-%d %H:%M}" + (" (open)" if each.provisional else ""),
            f"{each.rows:,}",
            f"[{STYLES[each.status]}]{each.status}",
            f"{each.drifted_share:.0%}" if each.columns else "–",
            f"{performance.rows:,}" if performance else "–",
            _figures(performance.metrics) if performance else "–",
            escape("; ".join(each.reasons[:3])),
        )
    return table


def _figures(metrics: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in metrics.items())


def _reasons(console: Console, title: str, reasons: Sequence[Any]) -> None:
    console.print(f"[bold]{title}")
    for reason in reasons:
        console.print(f"  {reason}", highlight=False, soft_wrap=True, markup=False)
