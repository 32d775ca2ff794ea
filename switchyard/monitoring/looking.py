"""What a look at the rows of a window gathers: distances, what is missing, what it comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.configuration.loop import Monitoring
from switchyard.monitoring.balancing import Sides, balance, draw_evenly
from switchyard.monitoring.drift import PANELS, SHOWN, Comparison, Panels, compare
from switchyard.monitoring.inputs import LEXICAL, UNKNOWN_WORDS, Columns, describe
from switchyard.monitoring.references import SCORE, TRUTH, Reference
from switchyard.monitoring.results import ColumnDrift
from switchyard.monitoring.strangers import judge_shares, kept_inputs, shares, told_unreadable
from switchyard.monitoring.tables import Inputs, describe_table, words_of_places
from switchyard.monitoring.windows import Window
from switchyard.packages.manifest import Category

if TYPE_CHECKING:
    from switchyard.monitoring.checking import Facts

WINDOW_CELLS = 40_000_000
"""Of a window of a table with many columns so many values are compared: 20,000 rows of 2,000."""


@dataclass
class Look:
    """Gathers what a verdict is made of. causes: why the window drifted, notes: what else."""

    rows: Any
    monitoring: Monitoring
    facts: Facts
    notes: list[str]
    causes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    columns: dict[str, ColumnDrift] = field(default_factory=dict)
    missing: dict[str, float] = field(default_factory=dict)
    unknown: dict[str, float] = field(default_factory=dict)
    outside: dict[str, float] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)
    share: float = 0.0
    compared: int = 0
    positive_share: float | None = None
    reference_positive_share: float | None = None
    mean_score: float | None = None
    reference_mean_score: float | None = None

    def compare(self, reference: Reference, window: Window, version: str) -> Comparison | None:
        """Measure what is missing and how far each column is from the reference."""
        self._bound(reference.inputs)
        scores = self.rows[SCORE].to_numpy().astype(reference.columns[SCORE].dtype)
        scored = np.flatnonzero(np.isfinite(scores))
        held = np.isfinite(reference.columns[SCORE])
        self._missing(SCORE, 1.0 - len(scored) / len(scores), 1.0 - float(held.mean()))
        sides = self._sides(reference, scores[scored])
        chosen = scored[sides.window]
        current: Columns = {SCORE: scores[chosen]} if reference.version == version else {}
        if not current:
            self.notes.append(
                f"version {version} has no reference: inputs alone are compared, with that of "
                f"version {reference.version}"
            )
        if reference.inputs is not None:
            current |= self._table(reference, reference.inputs, chosen)
        elif self._has_urls():
            current |= self._urls(reference, chosen)
        self.compared = len(chosen)
        side = {name: values[sides.reference] for name, values in reference.columns.items()}
        found = compare(
            side,
            current,
            self.monitoring.column_threshold,
            title=f"{self.facts.name} {window.name}",
            moment=window.since,
            categories=_categories(reference.inputs),
            panels=_panels(reference.inputs),
        )
        self._judge(found, side, current, reference)
        return found if found.columns else None

    def _bound(self, inputs: Inputs | None) -> None:
        """Of a wide table take so many rows that they fit into memory."""
        most = WINDOW_CELLS // max(1, len(inputs or ()))
        count = self.rows.num_rows
        if inputs is None or count <= most:
            return
        import pyarrow as pa

        drawn = np.random.default_rng(0).choice(count, most, replace=False)
        self.rows = self.rows.take(pa.array(np.sort(drawn)))
        self.notes.append(f"of {count:,} rows of {len(inputs):,} columns {most:,} are looked at")

    def _sides(self, reference: Reference, scores: Any) -> Sides:
        """Rows to compare, by what was decided of them; numbers are not decisions."""
        known, most = reference.columns[SCORE], self.monitoring.max_rows
        if self.facts.numbers:
            if len(scores):
                self.mean_score = round(float(scores.mean(dtype=np.float64)), 6)
            self.reference_mean_score = round(float(np.nanmean(known, dtype=np.float64)), 6)
            return draw_evenly(len(scores), len(known), most)
        threshold = self._threshold()
        if len(scores):
            self.positive_share = float((scores >= threshold).mean())
        self.reference_positive_share = float((known >= threshold).mean())
        return balance(
            scores >= threshold,
            known >= threshold,
            reference.columns[TRUTH] > 0,
            max(1, self.monitoring.min_rows // 2),
            most,
        )

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

    def _urls(self, reference: Reference, chosen: Any) -> Columns:
        """The inputs of the rows to compare; what is missing is counted on all rows."""
        import pyarrow as pa

        assert reference.words is not None  # that of texts has them
        urls = self.rows["url"]
        readable = describe(urls.take(pa.array(chosen)), reference.words)
        lost = 1.0 - float(np.isfinite(readable[UNKNOWN_WORDS]).mean()) if len(chosen) else 0.0
        lost = max(lost, urls.null_count / max(1, len(urls)))
        usual = 1.0 - float(np.isfinite(reference.columns[UNKNOWN_WORDS]).mean())
        self._missing("url", lost, usual)
        return readable

    def _table(self, reference: Reference, inputs: Inputs, chosen: Any) -> Columns:
        """The inputs of the rows to compare; what is missing or new is counted on all rows."""
        kept, notes = kept_inputs(inputs, self.facts.dropped, self.rows.column_names)
        self.notes += notes
        described = describe_table(self.rows, kept)
        self.unreadable = described.unreadable
        self.notes += told_unreadable(described.unreadable)
        found = shares(described.columns, kept)
        usual = shares(reference.columns, kept)
        self.missing |= found.missing
        self.unknown, self.outside = found.some_unknown, found.some_outside
        told = judge_shares(
            found, usual, self.monitoring.max_missing_share, (self.rows.num_rows, reference.rows)
        )
        self.problems += told
        self.causes += told
        return {
            # as coarse as a reference of before is: rounded values have other quantiles
            name: values.astype(reference.columns[name].dtype, copy=False)
            for name, values in described.take(chosen).items()
        }

    def _missing(self, name: str, share: float, usual: float) -> None:
        self.missing[name] = round(share, 6)
        if share - usual >= self.monitoring.max_missing_share and share > usual:
            text = (
                f"{name} is missing or unreadable in {share:.1%} of rows, {usual:.1%} in training"
            )
            self.problems.append(text)
            self.causes.append(text)

    def _judge(
        self, found: Comparison, side: Columns, current: Columns, reference: Reference
    ) -> None:
        texts = reference.inputs is None
        names = LEXICAL if reference.inputs is None else tuple(reference.inputs)
        sides = {name: (side[name], current[name]) for name in found.columns}
        harmful = _harms(sides, texts=texts, numbers=self.facts.numbers)
        self.columns = {
            name: drift.model_copy(update={"drifted": drift.drifted and harmful.get(name, True)})
            for name, drift in found.columns.items()
        }
        inputs = [self.columns[name].drifted for name in names if name in self.columns]
        self.share = round(sum(inputs) / len(inputs), 6) if inputs else 0.0
        if inputs and self.share >= self.monitoring.drifted_share:
            furthest = self._furthest(names)
            self.causes.append(f"{sum(inputs)} of {len(inputs)} input columns drifted: {furthest}")
        told = {SCORE: "the model is less sure than on held-out rows"}
        if texts:
            told = {UNKNOWN_WORDS: "more words than in training are unknown", **told}
        if self.facts.numbers:
            told[SCORE] = (
                "predictions are spread otherwise than on held-out rows (mean "
                f"{self.mean_score or 0:g}, there {self.reference_mean_score or 0:g})"
            )
        for name, text in told.items():
            drift = self.columns.get(name)
            if drift is not None and drift.drifted:
                self.causes.append(
                    f"{text}: distance {drift.distance:.2f}, {drift.threshold:.2f} allowed"
                )
        if len(found.shown) < len(found.columns):
            self.notes.append(
                f"the report shows {len(found.shown)} of {len(found.columns):,} columns, those "
                "that are furthest"
            )

    def _furthest(self, names: tuple[str, ...]) -> str:
        drifted = {
            name: drift
            for name in names
            if (drift := self.columns.get(name)) is not None and drift.drifted
        }
        order = sorted(drifted, key=lambda name: -drifted[name].distance)
        return ", ".join(f"{name} {drifted[name].distance:.2f}" for name in order[:3])


def _harms(sides: dict[str, tuple[Any, Any]], *, texts: bool, numbers: bool) -> dict[str, bool]:
    """Of unknown words only more, of a classification's scores only less sure ones are drift.

    Live requests repeat what training has seen; held-out rows do not. sides: of each column, the
    reference's values and the window's.
    """
    found = {}
    if texts and UNKNOWN_WORDS in sides:
        before, now = sides[UNKNOWN_WORDS]
        found[UNKNOWN_WORDS] = bool(np.nanmean(now) > np.nanmean(before))
    if not numbers and SCORE in sides:
        before, now = sides[SCORE]
        found[SCORE] = _sureness(now) < _sureness(before)
    return found


def _sureness(scores: Any) -> float:
    return float(np.nanmean(np.abs(scores - 0.5)))


def _categories(inputs: Inputs | None) -> dict[str, list[str]]:
    return {
        name: words_of_places(each)
        for name, each in (inputs or {}).items()
        if isinstance(each, Category)
    }


def _panels(inputs: Inputs | None) -> Panels:
    """What Evidently's page draws: of a table with many columns the first ones."""
    if inputs is None:
        return PANELS
    names = tuple(inputs)[: SHOWN - 1]
    of = f" (the first {len(names)} of {len(inputs):,})" if len(names) < len(inputs) else ""
    return {"Drift of predictions": (SCORE,), f"Drift of inputs{of}": names}
