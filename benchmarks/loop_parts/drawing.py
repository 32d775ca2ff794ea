"""The picture of the months: recall and accuracy with the loop and without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.loop_parts.replay import Told
from switchyard.pages import NEGATIVE, NEUTRAL, POSITIVE


def draw(windows: Sequence[Told], target: Path, note: str) -> None:
    """Write the picture as a PNG file; note: what the rows are."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.2, 5.4), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    names = [window.name for window in windows]
    _lines(above, names, windows, "recall", "Recall at 1 % false positives")
    _lines(below, names, windows, "accuracy", "Accuracy at the model's threshold")
    new = [at for at, window in enumerate(windows) if window.event.startswith("version")]
    for axes in (above, below):
        for at in new:
            axes.axvline(at + 0.5, color=NEUTRAL, linewidth=0.8, linestyle=":")
    above.legend(frameon=False, fontsize=8, loc="lower left", ncols=2)
    half_years = [at for at, name in enumerate(names) if name[-2:] in ("01", "07")]
    firsts = [at for at in half_years if at == 0 or names[at - 1] != names[at]]
    below.set_xticks(firsts, [names[at] for at in firsts])
    below.set_xlabel(f"{note}; a dotted line: a new version takes over", fontsize=9)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=120, facecolor="white")


def _lines(axes: Any, names: list[str], windows: Sequence[Told], figure: str, title: str) -> None:
    for side, label, colour, style in (
        ("with", "with the loop", NEGATIVE, "-"),
        ("without", "frozen", POSITIVE, "--"),
    ):
        values = [getattr(window, f"{figure}_{side}") for window in windows]
        axes.plot(range(len(names)), values, style, color=colour, linewidth=1.8, label=label)
    _plain(axes, title)


def draw_story(
    names: Sequence[str],
    served: Sequence[float],
    frozen: Sequence[float],
    events: Sequence[tuple[int, str]],
    target: Path,
) -> None:
    """Accuracy of each batch of requests, as answered and as the first version would have.

    events: what happened just before a batch, by its number.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.2, 3.6), layout="constrained")
    axes = figure.add_subplot()
    places = range(len(names))
    axes.plot(places, served, "-o", color=NEGATIVE, linewidth=1.8, markersize=3, label="answered")
    axes.plot(places, frozen, "--", color=POSITIVE, linewidth=1.5, label="the first version")
    for number, (at, text) in enumerate(events):
        axes.axvline(at - 0.5, color=NEUTRAL, linewidth=0.8, linestyle=":")
        axes.annotate(
            text,
            (at - 0.4, 0.03 + 0.06 * (number % 2)),
            xycoords=("data", "axes fraction"),
            fontsize=8,
        )
    axes.set_xticks(list(places)[::3], list(names)[::3], rotation=45, fontsize=8)
    axes.set_ylim(0, 1.02)
    _plain(axes, "Accuracy of requests, month by month")
    axes.legend(frameon=False, fontsize=8, loc="center left")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=120, facecolor="white")


def _plain(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(True, color=NEUTRAL, alpha=0.25, linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
