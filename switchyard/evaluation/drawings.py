"""The pictures of the report; black is the page's ink and white its ground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from switchyard.evaluation.results import Confusion, Evaluation, Judged
from switchyard.evaluation.tellings import Telling
from switchyard.pages import NEGATIVE, NEUTRAL, POSITIVE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERVED = POSITIVE
_OTHERS = ("#3f7fd0", "#2f9e73", "#a566c9", "#b98a1d", "#3aa3ad", "#c4588f", NEUTRAL)
_DASHES = ("-", "--", "-.", ":")
_LEAST_RATE = 1e-4


def roc_figure(evaluation: Evaluation, allowed: float) -> Figure:
    """Recall by false-positive rate, the rate on a logarithmic axis: decisions lie at its left."""
    figure, axes = blank()
    least = max(_LEAST_RATE, 0.5 / max(1, evaluation.rows - (evaluation.positives or 0)))
    for judged, style in styled(evaluation):
        points = [
            (x, y)
            for x, y in zip(judged.roc.x, judged.roc.y, strict=True)
            if x >= least or (x == 0.0 and y == 0.0)
        ]
        xs = [max(x, least) for x, _ in points[1:]]
        axes.step(xs, [y for _, y in points[1:]], where="post", **style)
    axes.axvline(allowed, color=NEUTRAL, linewidth=1, linestyle=":")
    axes.annotate(
        f"{100 * allowed:g} % allowed",
        (allowed, 0.02),
        xytext=(4, 2),
        textcoords="offset points",
        color=NEUTRAL,
        fontsize=9,
    )
    axes.set_xscale("log")
    axes.set_xlim(least, 1.0)
    axes.set_ylim(0.0, 1.02)
    named(axes, "False-positive rate (logarithmic)", "Recall")
    axes.legend(frameon=False, fontsize=8, loc="lower center", ncols=2, bbox_to_anchor=(0.45, 1.0))
    return figure


def precision_figure(evaluation: Evaluation) -> Figure:
    """Precision by recall."""
    figure, axes = blank()
    lowest = 1.0
    for judged, style in styled(evaluation):
        axes.plot(judged.pr.x, judged.pr.y, **style)
        lowest = min([lowest, *judged.pr.y])
    axes.set_xlim(0.0, 1.01)
    axes.set_ylim(max(0.0, lowest - 0.03), 1.01)
    named(axes, "Recall", "Precision")
    return figure


def calibration_figure(evaluation: Evaluation) -> Figure:
    """Share of positives by mean score; dots as large as their share of the served one's rows."""
    figure, axes = blank()
    axes.plot([0, 1], [0, 1], color=NEUTRAL, linewidth=1, linestyle=":")
    for judged, style in styled(evaluation):
        bins = judged.calibration
        axes.plot([b.score for b in bins], [b.share for b in bins], **style)
        if judged.name == evaluation.served.name:
            axes.scatter(
                [b.score for b in bins],
                [b.share for b in bins],
                s=[12 + 250 * b.rows / evaluation.rows for b in bins],
                color=SERVED,
                alpha=0.75,
                linewidth=0,
                zorder=6,
            )
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    named(axes, "Score given", "Share that is positive")
    return figure


def confusion_figure(confusion: Confusion, positive: str, negative: str) -> Figure:
    """Truth by decision; shaded by the share of each truth."""
    figure, axes = blank(4.6, 3.4)
    rows = (
        (confusion.true_negatives, confusion.false_positives),
        (confusion.false_negatives, confusion.true_positives),
    )
    for at, row in enumerate(rows):
        for column, count in enumerate(row):
            share = count / max(1, sum(row))
            colour = NEGATIVE if at == column else POSITIVE
            corner = (column - 0.48, at - 0.48)
            axes.add_patch(
                _rectangle(corner, 0.96, facecolor=colour, alpha=0.12 + 0.5 * share, linewidth=0)
            )
            axes.text(column, at - 0.1, f"{count:,}", ha="center", va="center", fontsize=15)
            told = f"{100 * share:.1f} % of {(negative, positive)[at]}"
            axes.text(column, at + 0.2, told, ha="center", va="center", fontsize=9)
    axes.set_xlim(-0.5, 1.5)
    axes.set_ylim(1.5, -0.5)
    axes.set_xticks([0, 1], [f"called {negative}", f"called {positive}"])
    axes.set_yticks([0, 1], [f"is {negative}", f"is {positive}"], rotation=90, va="center")
    axes.tick_params(length=0)
    axes.grid(False)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def telling_figure(telling: Telling, most: int) -> Figure:
    """The most telling tokens as bars of log-odds, the strongest positive one on top."""
    tokens = [*telling.positive[:most], *telling.negative[:most][::-1]]
    figure, axes = blank(4.6, 0.8 + 0.24 * max(1, len(tokens)))
    colours = [POSITIVE if token.weight > 0 else NEGATIVE for token in tokens]
    axes.barh(range(len(tokens)), [token.weight for token in tokens], color=colours, height=0.7)
    axes.set_yticks(range(len(tokens)), [token.token[:24] for token in tokens], fontsize=9)
    axes.invert_yaxis()
    axes.axvline(0, color="#000000", linewidth=0.8)
    axes.set_xlabel("log-odds of the positive class")
    axes.grid(False, axis="y")
    return figure


def _rectangle(corner: tuple[float, float], size: float, **style: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, size, size, **style)


def styled(evaluation: Evaluation) -> Sequence[tuple[Judged, dict[str, Any]]]:
    """Each candidate with its line; the served one is the thick one, on top."""
    styled = []
    others = [judged for judged in evaluation.candidates if judged.name != evaluation.served.name]
    served = evaluation.candidate(evaluation.served.name)
    style: dict[str, Any] = {"color": SERVED, "linewidth": 2.4, "zorder": 5}
    styled.append((served, style | {"label": f"{served.name} (served)"}))
    for at, judged in enumerate(others):
        style = {
            "color": _OTHERS[at % len(_OTHERS)],
            "linewidth": 1.2,
            "linestyle": _DASHES[at % len(_DASHES)],
            "label": judged.name,
        }
        styled.append((judged, style))
    return styled


def named(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def blank(width: float = 4.3, height: float = 3.3) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    axes = figure.add_subplot()
    axes.grid(True, color=NEUTRAL, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes
