"""The report's pictures of predicted numbers; black is the page's ink and white its ground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from switchyard.evaluation.drawings import SERVED, blank, named
from switchyard.evaluation.importances import Importance
from switchyard.evaluation.results import Judged
from switchyard.pages import NEGATIVE, NEUTRAL

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def fit_figure(judged: Judged, target: str) -> Figure:
    """Truth by prediction, the interval as a stripe; on the dotted line both are the same."""
    figure, axes = blank(4.6, 4.0)
    half = judged.band.half_width if judged.band else 0.0
    every = [*judged.fit.x, *judged.fit.y]
    low, high = min(every), max(every)
    axes.fill_between(
        [low, high], [low - half, high - half], [low + half, high + half],
        color=NEGATIVE, alpha=0.15, linewidth=0,
    )  # fmt: skip
    axes.plot([low, high], [low, high], color=NEUTRAL, linewidth=1, linestyle=":")
    axes.scatter(judged.fit.x, judged.fit.y, s=12, color=SERVED, alpha=0.6, linewidth=0)
    named(axes, f"Predicted {target}", f"True {target}")
    return figure


def error_figure(judged: Judged, target: str) -> Figure:
    """Where errors lie, by prediction: the median, and from the tenth to the ninetieth percent."""
    figure, axes = blank(4.6, 4.0)
    xs = [each.predicted for each in judged.errors]
    axes.axhline(0.0, color=NEUTRAL, linewidth=1, linestyle=":")
    axes.vlines(
        xs,
        [each.low for each in judged.errors],
        [each.high for each in judged.errors],
        color=NEGATIVE,
        linewidth=5,
        alpha=0.45,
    )
    axes.scatter(xs, [each.median for each in judged.errors], s=26, color=SERVED, zorder=5)
    named(axes, f"Predicted {target}", "Prediction - truth")
    return figure


def importance_figure(shown: Sequence[Importance], unit: str) -> Figure:
    """What shuffling each column costs, the most important on top."""
    figure, axes = blank(4.6, 0.8 + 0.26 * max(1, len(shown)))
    axes.barh(range(len(shown)), [each.loss for each in shown], color=SERVED, height=0.7)
    axes.set_yticks(range(len(shown)), [_short(each.name) for each in shown], fontsize=9)
    axes.invert_yaxis()
    axes.axvline(0, color="#000000", linewidth=0.8)
    axes.set_xlabel(unit)
    axes.grid(False, axis="y")
    return figure


def _short(name: str) -> str:
    plain = name.replace("$", r"\$")
    return plain if len(plain) <= 30 else plain[:29] + "…"
