"""One window against the reference: which columns drifted, what is missing, what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from switchyard.configuration.loop import Monitoring
from switchyard.monitoring.balancing import balance
from switchyard.monitoring.drift import Comparison, compare
from switchyard.monitoring.inputs import LEXICAL, UNKNOWN_WORDS, Columns, describe
from switchyard.monitoring.performance import measure
from switchyard.monitoring.references import SCORE, TRUTH, Reference
from switchyard.monitoring.results import ColumnDrift, Quality, Status, Verdict
from switchyard.monitoring.windows import Window

COLUMNS = ("url", "label", "score", "threshold", "model_version")
"""What is read of predictions."""


@dataclass(frozen=True)
class Facts:
    """What else must be known of a use case and of a look at its store.

    positive: the label of the positive class. redacted, dropped: of `serving.capture`. damaged: the
    files of the store that could not be read.
    """

    name: str
    positive: str
    created: datetime
    redacted: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


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

    rows, labelled: arrow tables of `switchyard.capture.reading`, with `COLUMNS`. reference: of the
    window's `main_version`, or of another one in its place: then scores are not compared. None
    where there are too few rows to need one.
    """
    version = main_version(rows)
    own = rows.filter(_equals(rows["model_version"], version)) if rows.num_rows else rows
    look = _Look(own, monitoring, facts, notes=_notes(rows, version, facts))
    comparison = None
    if own.num_rows < monitoring.min_rows or reference is None:
        status: Status = "too-few-rows"
        look.causes.append(f"{own.num_rows:,} rows, {monitoring.min_rows:,} are needed")
    else:
        comparison = look.compare(reference, window, version)
        status = "drifted" if look.causes else "quiet"
    performance = None
    if labelled is not None and labelled.num_rows >= monitoring.min_labelled:
        performance = measure(labelled, monitoring.floors, facts.positive)
    verdict = Verdict(
        name=facts.name,
        since=window.since,
        until=window.until,
        rows=rows.num_rows,
        compared=look.compared,
        status=status,
        reasons=(*look.causes, *look.notes),
        columns=look.columns,
        drifted_share=look.share,
        positive_share=look.positive_share,
        reference_positive_share=look.reference_positive_share,
        quality=Quality(
            missing_share=look.missing,
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


def _notes(rows: Any, version: str, facts: Facts) -> list[str]:
    others = {name: count for name, count in versions_of(rows).items() if name != version}
    notes = []
    if others:
        told = ", ".join(f"{count:,} of version {name}" for name, count in sorted(others.items()))
        notes.append(f"left out of the comparison with version {version}: {told}")
    if facts.damaged:
        notes.append(f"{len(facts.damaged)} damaged files were skipped: {facts.damaged[0]}")
    return notes


@dataclass
class _Look:
    """Gathers what a verdict is made of. causes: why the window drifted, notes: what else."""

    rows: Any
    monitoring: Monitoring
    facts: Facts
    notes: list[str]
    causes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    columns: dict[str, ColumnDrift] = field(default_factory=dict)
    missing: dict[str, float] = field(default_factory=dict)
    share: float = 0.0
    compared: int = 0
    positive_share: float | None = None
    reference_positive_share: float | None = None

    def compare(self, reference: Reference, window: Window, version: str) -> Comparison | None:
        """Measure what is missing and how far each column is from the reference."""
        scores = self.rows[SCORE].to_numpy().astype(np.float32)
        scored = np.flatnonzero(np.isfinite(scores))
        held = np.isfinite(reference.columns[SCORE])
        self._missing(SCORE, 1.0 - len(scored) / len(scores), 1.0 - float(held.mean()))
        threshold = self._threshold()
        sides = balance(
            scores[scored] >= threshold,
            reference.columns[SCORE] >= threshold,
            reference.columns[TRUTH] > 0,
            max(1, self.monitoring.min_rows // 2),
            self.monitoring.max_rows,
        )
        chosen = scored[sides.window]
        current: Columns = {SCORE: scores[chosen]} if reference.version == version else {}
        if not current:
            self.notes.append(
                f"version {version} has no reference: inputs alone are compared, with that of "
                f"version {reference.version}"
            )
        if self._has_urls():
            current |= self._inputs(reference, chosen)
        self.compared = len(chosen)
        if len(scored):
            self.positive_share = float((scores[scored] >= threshold).mean())
        self.reference_positive_share = float((reference.columns[SCORE] >= threshold).mean())
        side = {name: values[sides.reference] for name, values in reference.columns.items()}
        found = compare(
            side,
            current,
            self.monitoring.column_threshold,
            title=f"{self.facts.name} {window.name}",
            moment=window.since,
        )
        self._judge(found, side, current)
        return found if found.columns else None

    def _threshold(self) -> float:
        """That of the decisions; all rows of a version have the same."""
        given = [
            value for value in self.rows["threshold"].unique().to_pylist() if value is not None
        ]
        return float(given[0]) if given else 0.5

    def _has_urls(self) -> bool:
        if "url" not in self.rows.column_names or "url" in self.facts.dropped:
            self.notes.append("URLs are not kept (serving.capture.drop): scores alone are compared")
            return False
        if self.facts.redacted:
            parts = ", ".join(self.facts.redacted)
            self.notes.append(
                f"URLs are masked (serving.capture.redact: {parts}): scores alone are compared"
            )
            return False
        return True

    def _inputs(self, reference: Reference, chosen: Any) -> Columns:
        """The inputs of the rows to compare; what is missing is counted on all rows."""
        import pyarrow as pa

        urls = self.rows["url"]
        readable = describe(urls.take(pa.array(chosen)), reference.words)
        lost = 1.0 - float(np.isfinite(readable[UNKNOWN_WORDS]).mean()) if len(chosen) else 0.0
        lost = max(lost, urls.null_count / max(1, len(urls)))
        usual = 1.0 - float(np.isfinite(reference.columns[UNKNOWN_WORDS]).mean())
        self._missing("url", lost, usual)
        return readable

    def _missing(self, name: str, share: float, usual: float) -> None:
        self.missing[name] = round(share, 6)
        if share - usual >= self.monitoring.max_missing_share and share > usual:
            text = (
                f"{name} is missing or unreadable in {share:.1%} of rows, {usual:.1%} in training"
            )
            self.problems.append(text)
            self.causes.append(text)

    def _judge(self, found: Comparison, reference: Columns, current: Columns) -> None:
        self.columns = {
            name: _in_harm(name, drift, reference, current) for name, drift in found.columns.items()
        }
        inputs = [self.columns[name].drifted for name in LEXICAL if name in self.columns]
        self.share = round(sum(inputs) / len(inputs), 6) if inputs else 0.0
        if inputs and self.share >= self.monitoring.drifted_share:
            self.causes.append(
                f"{sum(inputs)} of {len(inputs)} input columns drifted: {self._furthest()}"
            )
        named = {
            UNKNOWN_WORDS: "more words than in training are unknown",
            SCORE: "the model is less sure than on held-out rows",
        }
        for name, text in named.items():
            drift = self.columns.get(name)
            if drift is not None and drift.drifted:
                self.causes.append(
                    f"{text}: distance {drift.distance:.2f}, {drift.threshold:.2f} allowed"
                )

    def _furthest(self) -> str:
        drifted = {name: self.columns[name] for name in LEXICAL if self.columns[name].drifted}
        order = sorted(drifted, key=lambda name: -drifted[name].distance)
        return ", ".join(f"{name} {drifted[name].distance:.2f}" for name in order[:3])


def _in_harm(name: str, drift: ColumnDrift, reference: Columns, current: Columns) -> ColumnDrift:
    """Of unknown words only more, of scores only less sure ones are drift.

    Live requests repeat domains that training has seen; held-out rows have none of them.
    """
    if name == UNKNOWN_WORDS:
        harmful = np.nanmean(current[name]) > np.nanmean(reference[name])
    elif name == SCORE:
        harmful = _sureness(current[name]) < _sureness(reference[name])
    else:
        return drift
    return drift.model_copy(update={"drifted": drift.drifted and bool(harmful)})


def _sureness(scores: Any) -> float:
    return float(np.nanmean(np.abs(scores - 0.5)))


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
