"""Evidently, behind one module: distances of columns, reports, the workspace of its own page."""

from __future__ import annotations

import html
import json
import math
import os
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.monitoring.inputs import LEXICAL, UNKNOWN_WORDS
from switchyard.monitoring.references import SCORE
from switchyard.monitoring.results import ColumnDrift

METHOD = "quantile_jensenshannon"
CATEGORIES_METHOD = "jensenshannon"
"""Evidently's own: over the values of a category."""

QUANTILES = 10
SHOWN = 30
"""A report shows so many columns, those that are furthest: each takes pictures of 200 kB."""

Values = npt.NDArray[np.floating[Any]]
Panels = Mapping[str, Sequence[str]]

PANELS: Panels = {
    "Drift of scores and of words": (SCORE, UNKNOWN_WORDS),
    "Drift of how URLs are written": LEXICAL,
}


@dataclass(frozen=True)
class Comparison:
    """Two sides, and the drift of each column; Evidently is asked only for what people look at.

    categories: what the places of columns are called that hold places of categories. panels: title
    → columns, of the workspace's page.
    """

    columns: dict[str, ColumnDrift]
    reference: Mapping[str, Values]
    current: Mapping[str, Values]
    title: str
    moment: datetime | None
    categories: Mapping[str, Sequence[str]] = field(default_factory=dict)
    panels: Panels = field(default_factory=lambda: PANELS)

    @property
    def shown(self) -> dict[str, ColumnDrift]:
        """The columns that a report shows: all, or the score and those that are furthest."""
        if len(self.columns) <= SHOWN:
            return self.columns
        order = sorted(self.columns, key=lambda name: (name != SCORE, -self.columns[name].distance))
        chosen = set(order[:SHOWN])
        return {name: drift for name, drift in self.columns.items() if name in chosen}

    @cached_property
    def snapshot(self) -> Any:
        """Evidently's report, by our distance and limits; takes seconds, most of them pictures."""
        import pandas as pd

        evidently = _evidently()
        shown = self.shown
        definition = evidently.DataDefinition(
            numerical_columns=[shown_as(name) for name in shown if name not in self.categories],
            categorical_columns=[shown_as(name) for name in shown if name in self.categories],
        )
        sides = [
            evidently.Dataset.from_pandas(
                pd.DataFrame({shown_as(name): self._told(name, side[name]) for name in shown}),
                data_definition=definition,
            )
            for side in (self.current, self.reference)
        ]
        # Not the preset of drift: it measures each column three times.
        metrics = [
            evidently.ValueDrift(
                column=shown_as(name),
                method=CATEGORIES_METHOD if name in self.categories else METHOD,
                threshold=drift.threshold,
            )
            for name, drift in shown.items()
        ]
        report = evidently.Report(metrics, tags=[self.title] if self.title else [])
        return report.run(*sides, timestamp=self.moment)

    def _told(self, name: str, values: Values) -> Any:
        """A column as a report has it: categories by their names."""
        if name not in self.categories:
            return values
        words = np.array([*map(shown_as, self.categories[name]), None], dtype=object)
        return words[np.where(np.isnan(values), len(words) - 1, values).astype(int)]

    def html(self) -> str:
        """The report as a page that needs nothing else."""
        return str(self.snapshot.get_html_str(as_iframe=False))

    def document(self) -> dict[str, Any]:
        """The report as JSON values."""
        found: dict[str, Any] = json.loads(self.snapshot.json())
        return found


def shown_as(name: str) -> str:
    """A column or category as Evidently gets it, which writes it into pages as it is."""
    return html.escape(name, quote=False)


def compare(
    reference: Mapping[str, Values],
    current: Mapping[str, Values],
    threshold: float,
    *,
    title: str = "",
    moment: datetime | None = None,
    categories: Mapping[str, Sequence[str]] | None = None,
    panels: Panels = PANELS,
) -> Comparison:
    """The drift of every column that both sides have values of; NaN are left out.

    threshold: the true distance from which a column has drifted; the limit of a column is higher by
    what chance adds. moment: what the report stands for in the workspace's history. categories: the
    columns that hold places of categories, with what those are called.
    """
    named = categories or {}
    columns = {}
    for name in reference:
        sides = [
            side[name][np.isfinite(side[name])] for side in (reference, current) if name in side
        ]
        if len(sides) < 2 or not all(map(len, sides)):
            continue
        far = round(distance(*sides, places=name in named), 6)
        limit = round(math.hypot(threshold, chance(*sides, places=name in named)), 4)
        columns[name] = ColumnDrift(distance=far, threshold=limit, drifted=far >= limit)
    return Comparison(columns, reference, current, title, moment, named, panels)


def workspace_files(project: str, comparison: Comparison) -> dict[str, bytes]:
    """A workspace with one project of one report, by paths; the project's description comes last.

    Equal projects and moments have equal paths, whoever asks: two monitors of a window write one
    report, in one project.
    """
    evidently = _evidently()
    home, named = _id(project), run_path(project, comparison.moment)
    with tempfile.TemporaryDirectory() as folder:
        workspace = evidently.Workspace.create(folder)
        made = workspace.add_project(evidently.ProjectModel(id=home, name=project))
        _add_panels(made, comparison.panels)
        described = sorted(Path(folder, str(home)).glob("*.json"))
        run = workspace.add_run(home, comparison.snapshot, include_data=False)
        files = {named: Path(run.url).read_bytes()}
        return files | {f"{home}/{path.name}": path.read_bytes() for path in described}


def run_path(project: str, moment: datetime | None) -> str:
    """Where a workspace has the report of a moment."""
    home = _id(project)
    return f"{home}/snapshots/{uuid.uuid5(home, str(moment and moment.astimezone(UTC)))}.json"


def _id(project: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"switchyard:{project}")


def distance(reference: npt.ArrayLike, current: npt.ArrayLike, *, places: bool = False) -> float:
    """Jensen-Shannon distance (0 … .83) of two samples over the quantiles of the first.

    Quantiles, because lengths have long tails: of bins of equal width one would hold nearly all
    rows. A value that is itself a quantile, as 0 often is, has a bin of its own; places: every
    value has, for the samples are of categories.
    """
    from scipy.spatial.distance import jensenshannon

    first, second = _counts(np.asarray(reference), np.asarray(current), places)
    return float(jensenshannon(first, second))


def chance(reference: npt.ArrayLike, current: npt.ArrayLike, *, places: bool = False) -> float:
    """The distance that two samples of these sizes are apart by chance alone.

    The square of a distance is distributed as chi-squared: its mean over so many bins, plus two
    standard deviations.
    """
    first, second = _counts(np.asarray(reference), np.asarray(current), places)
    freedom = max(1, int(((first + second) > 0).sum()) - 1)
    spread = (1 / first.sum() + 1 / second.sum()) / 8
    return math.sqrt((freedom + 2 * math.sqrt(2 * freedom)) * spread)


def _counts(reference: Any, current: Any, places: bool) -> list[Any]:
    if places:
        codes = [side.astype(np.int64) for side in (reference, current)]
        bins = 1 + max(int(side.max()) for side in codes)
        return [np.bincount(side, minlength=bins) for side in codes]
    borders = np.unique(np.quantile(reference, np.linspace(0, 1, QUANTILES + 1)[1:-1]))
    found = []
    for side in (reference, current):
        places = np.searchsorted(borders, side, "left") + np.searchsorted(borders, side, "right")
        found.append(np.bincount(places, minlength=2 * len(borders) + 1))
    return found


@dataclass(frozen=True)
class _Evidently:
    Report: Any
    Dataset: Any
    DataDefinition: Any
    ValueDrift: Any
    Workspace: Any
    ProjectModel: Any


@cache
def _evidently() -> _Evidently:
    """Its parts, and our distance among its methods; it takes seconds to import."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from evidently import DataDefinition, Dataset, Report
    from evidently.legacy.calculations.stattests import StatTest, register_stattest
    from evidently.legacy.core import ColumnType
    from evidently.metrics import ValueDrift
    from evidently.sdk.models import ProjectModel
    from evidently.ui.workspace import Workspace

    def measure(
        reference_data: Any, current_data: Any, feature_type: Any, threshold: float
    ) -> tuple[float, bool]:
        del feature_type
        found = distance(reference_data, current_data)
        return found, found >= threshold

    method = StatTest(
        name=METHOD,
        display_name="Jensen-Shannon distance over quantiles",
        allowed_feature_types=[ColumnType.Numerical],
        default_threshold=0.1,
    )
    register_stattest(method, default_impl=measure)
    return _Evidently(Report, Dataset, DataDefinition, ValueDrift, Workspace, ProjectModel)


def _add_panels(project: Any, panels: Panels) -> None:
    from evidently.sdk.models import PanelMetric
    from evidently.sdk.panels import line_plot_panel

    for title, columns in panels.items():
        values = [
            PanelMetric(metric="ValueDrift", metric_labels={"column": name}, legend=name)
            for name in map(shown_as, columns)
        ]
        project.dashboard.add_panel(line_plot_panel(title=title, values=values))
