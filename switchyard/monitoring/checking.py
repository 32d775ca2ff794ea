"""One window against the reference: which columns drifted, what is missing, what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from switchyard.configuration.loop import Monitoring
from switchyard.configuration.model import Definition
from switchyard.configuration.names import stored
from switchyard.monitoring.drift import Comparison
from switchyard.monitoring.looking import Look
from switchyard.monitoring.performance import measure, measure_numbers
from switchyard.monitoring.references import Reference
from switchyard.monitoring.results import Performance, Quality, Status, Verdict
from switchyard.monitoring.windows import Window
from switchyard.tables.plausible import Limits

ANSWERS = ("label", "score", "threshold", "model_version")
INTERVALS = ("low", "high")
"""What is read of predictions beside their inputs; the second of labelled numbers."""


def columns_of(definition: Definition) -> tuple[str, ...]:
    """What is read of predictions: the inputs, as they are stored, and the answers."""
    if definition.table is None:
        return ("url", *ANSWERS)
    return (*(stored(each.name) for each in definition.table.inputs), *ANSWERS)


@dataclass(frozen=True)
class Facts:
    """What else must be known of a use case and of a look at its store.

    positive: the label of the positive class. redacted, dropped: of `serving.capture`. damaged: the
    files of the store that could not be read. numbers: whether the model predicts numbers. rows: of
    the window, where the rows at hand are a sample of them. truths: what true numbers can be.
    """

    name: str
    positive: str
    created: datetime
    redacted: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    numbers: bool = False
    rows: int | None = None
    truths: Limits | None = None


@dataclass(frozen=True)
class Checked:
    """A verdict and, unless there was nothing to compare, what Evidently made of it."""

    verdict: Verdict
    comparison: Comparison | None


def main_version(rows: Any) -> str:
    """The model version that answered most of the rows; '' without rows."""
    counts = versions_of(rows)
    return max(counts, key=lambda version: (counts[version], version)) if counts else ""


def versions_of(rows: Any) -> dict[str, int]:
    """How many rows each model version answered."""
    counted = rows["model_version"].value_counts().to_pylist()
    return {each["values"] or "": each["counts"] for each in counted}


def check_window(
    window: Window,
    rows: Any,
    labelled: Any,
    reference: Reference | None,
    monitoring: Monitoring,
    facts: Facts,
) -> Checked:
    """Judge a window. Pure: no clock, no store.

    rows, labelled: arrow tables of `switchyard.capture.reading`, with `columns_of`. reference: of
    the window's `main_version`, or of another one in its place: then scores are not compared. None
    where there are too few rows to need one.
    """
    version = main_version(rows)
    own = rows.filter(_equals(rows["model_version"], version)) if rows.num_rows else rows
    look = Look(own, monitoring, facts, notes=_notes(rows, version, facts))
    comparison = None
    if own.num_rows < monitoring.min_rows or reference is None:
        status: Status = "too-few-rows"
        look.causes.append(f"{own.num_rows:,} rows, {monitoring.min_rows:,} are needed")
    else:
        comparison = look.compare(reference, window, version)
        status = "drifted" if look.causes else "quiet"
    performance = None
    if labelled is not None and labelled.num_rows >= monitoring.min_labelled:
        performance = measured(labelled, monitoring, facts)
    verdict = Verdict(
        name=facts.name,
        since=window.since,
        until=window.until,
        rows=rows.num_rows if facts.rows is None else facts.rows,
        compared=look.compared,
        status=status,
        reasons=(*look.causes, *look.notes),
        columns=look.columns,
        drifted_share=look.share,
        positive_share=look.positive_share,
        reference_positive_share=look.reference_positive_share,
        mean_score=look.mean_score,
        reference_mean_score=look.reference_mean_score,
        quality=Quality(
            missing_share=look.missing,
            unknown_share=look.unknown,
            outside_share=look.outside,
            unreadable=look.unreadable,
            problems=tuple(look.problems),
            damaged_files=len(facts.damaged),
            damaged=facts.damaged,
        ),
        performance=performance,
        model_versions=versions_of(rows) if rows.num_rows else {},
        reference_version=reference.version if reference and comparison else "",
        provisional=window.provisional,
        created=facts.created,
    )
    return Checked(verdict, comparison)


def measured(labelled: Any, monitoring: Monitoring, facts: Facts) -> Performance | None:
    """Real performance on labelled rows; None where too few of them can be measured."""
    if facts.numbers:
        found = measure_numbers(labelled, monitoring.floors, facts.truths)
        return found if found is not None and found.rows >= monitoring.min_labelled else None
    return measure(labelled, monitoring.floors, facts.positive)


def _notes(rows: Any, version: str, facts: Facts) -> list[str]:
    others = {name: count for name, count in versions_of(rows).items() if name != version}
    notes = []
    if others:
        told = ", ".join(f"{count:,} of version {name}" for name, count in sorted(others.items()))
        notes.append(f"left out of the comparison with version {version}: {told}")
    if facts.rows is not None and facts.rows > rows.num_rows:
        notes.append(f"of {facts.rows:,} rows a sample of {rows.num_rows:,} is looked at")
    if facts.damaged:
        notes.append(f"{len(facts.damaged)} damaged files were skipped: {facts.damaged[0]}")
    return notes


def _equals(column: Any, version: str) -> Any:
    import pyarrow.compute as pc

    return pc.equal(pc.fill_null(column, ""), version)


def causes_of(verdict: Verdict) -> Mapping[str, str]:
    """What people are told of: 'drift', 'performance', 'damage'; empty for a good window."""
    found = {}
    if verdict.status == "drifted":
        found["drift"] = "; ".join(verdict.reasons)
    if verdict.performance is not None and verdict.lost_performance:
        metrics = verdict.performance.metrics
        told = ", ".join(f"{name} {metrics[name]:.3f}" for name in verdict.performance.below_floor)
        found["performance"] = f"{told} on {verdict.performance.rows:,} labelled rows"
    if verdict.quality.damaged_files:
        found["damage"] = f"{verdict.quality.damaged_files} damaged files in the prediction store"
    return found
