"""The exploration report of a table: what each column holds, and what it has to do with the target.

Of many columns only those that tell most of the target are drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from switchyard import pages
from switchyard.configuration.names import stored
from switchyard.data.cards import DataCard
from switchyard.data.exploration import (
    balance,
    figure_of,
    fit,
    origins_section,
    rejects_section,
    source_bars,
    year_bars,
)
from switchyard.data.notices import SYNTHETIC
from switchyard.tables.telling import ColumnCard, power_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SAMPLE = 30_000
"""Rows that pictures are drawn from."""

DRAWN = 24
"""Columns that get a picture."""

LISTED = 200
"""Columns that stand in the table, and reasons of rejects."""

_WEIGHED = 3_000
_CATEGORIES = 12
_BINS = 12
_SEED = 7

Floats = npt.NDArray[np.float64]


def table_html(frame: pd.DataFrame, card: DataCard) -> str:
    """The page about a cleaned table and its card."""
    sample = _sample(frame, SAMPLE)
    powers = _powers(_sample(frame, _WEIGHED), card)
    order = sorted(range(len(card.columns)), key=lambda at: -powers[at])[:DRAWN]
    columns = [card.columns[at] for at in sorted(order)]
    many = len(card.columns) > DRAWN
    said = f" the {DRAWN} of {len(card.columns):,} that tell most of the target" if many else ""
    drawn = [_number(sample, each, card) for each in columns if each.type == "number"]
    drawn += [_category(sample, each, card) for each in columns if each.type != "number"]
    body = "\n".join(
        [
            _summary(card, len(sample) < card.rows),
            _oddities(card),
            pages.section("The target", pages.grid(_target(sample, card), *_sources(card))),
            pages.section(
                "Columns and the target",
                *([pages.paragraph(f"Drawn are{said}.")] if many else []),
                pages.grid(*drawn),
            ),
            _columns(card, powers),
            pages.section("Over time", year_bars(card)),
            origins_section(card),
            rejects_section(card, LISTED),
        ]
    )
    return pages.page("The data", body, banner=SYNTHETIC if card.synthetic else None)


def _sample(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many rows, always the same ones, in their order."""
    if len(frame) <= most:
        return frame
    chosen = np.random.default_rng(_SEED).choice(len(frame), most, replace=False)
    return frame.iloc[np.sort(chosen)]


def _powers(sample: pd.DataFrame, card: DataCard) -> list[float]:
    """How much of the target each column tells by itself, 0 to 1."""
    target = sample["label"].to_numpy(np.float64)
    values = (sample[stored(each.name)] for each in card.columns)
    return [power_of(each, target) if each.nunique() > 1 else 0.0 for each in values]


def _summary(card: DataCard, sampled: bool) -> str:
    kept = "removed" if card.deduplicated else "kept"
    rows: list[tuple[object, ...]] = [
        ("rows", card.rows),
        *((f"rows labelled {name}", count) for name, count in card.classes.items()),
        ("columns", len(card.columns)),
        ("columns with missing values", sum(each.missing > 0 for each in card.columns)),
        ("groups of rows that stay together", card.groups),
        ("rows read", card.read),
        ("rejected", card.rejected),
        (f"whole rows that repeat others, {kept}", card.duplicates),
        *([("first seen too long ago, left out", card.outdated)] if card.outdated else []),
    ]
    note = f" Pictures are of {SAMPLE:,} random rows." if sampled else ""
    return pages.paragraph(f"Data set {card.digest[:16]}….{note}") + pages.table(
        ("what", "count"), rows
    )


def _oddities(card: DataCard) -> str:
    told = [pages.paragraph(f"{each}.") for each in card.oddities[:LISTED]]
    if len(card.oddities) > LISTED:
        told.append(pages.paragraph(f"And {len(card.oddities) - LISTED:,} more."))
    return pages.section("Look at this", *(told or [pages.paragraph("Nothing odd was found.")]))


def _target(sample: pd.DataFrame, card: DataCard) -> str:
    if card.target is None:
        return balance(card)
    figure, axes = figure_of(2.4, 5.6 if len(card.sources) > 1 else 9.0)
    values = sample["label"].to_numpy(np.float64)
    _histogram(axes, values)
    axes.set_xlabel("the target")
    told = f"{card.target.minimum:g} to {card.target.maximum:g}, median {card.target.median:g}"
    return pages.picture(figure, f"Histogram of the target: {told}", f"The target: {told}")


def _sources(card: DataCard) -> list[str]:
    return [source_bars(card)] if len(card.sources) > 1 else []


def _number(sample: pd.DataFrame, column: ColumnCard, card: DataCard) -> str:
    """The column's histogram, and below it the target in bins of equally many rows."""
    values = sample[stored(column.name)].to_numpy(np.float64)
    known = np.isfinite(values)
    if not known.any():
        return pages.paragraph(f"{column.name}: no value in the rows drawn.")
    figure, (above, below) = _two(3.6)
    low, high = _histogram(above, values[known])
    x, means, lows, highs = _binned(values[known], sample["label"].to_numpy(np.float64)[known])
    below.plot(x, means, marker="o", markersize=3, color=pages.POSITIVE)
    if card.target is not None:
        below.fill_between(x, lows, highs, color=pages.NEUTRAL, alpha=0.25, linewidth=0)
    below.set_xlim(low, high)
    below.set_xlabel(fit(column.name) + (f" ({fit(column.unit)})" if column.unit else ""))
    below.set_ylabel(_measure(card))
    missing = f", {column.missing:,} missing" if column.missing else ""
    alt = (
        f"{column.name}: histogram, and {_measure(card)} in bins from {means[0]:.4g} at {x[0]:.4g} "
        f"to {means[-1]:.4g} at {x[-1]:.4g}{missing}"
    )
    return pages.picture(figure, alt, f"{column.name}{missing}")


def _category(sample: pd.DataFrame, column: ColumnCard, card: DataCard) -> str:
    """Rows of each category, and beside them the target in it."""
    values = sample[stored(column.name)]
    target = sample["label"].astype(float).groupby(values.astype(object)).agg(["size", "mean"])
    if target.empty:
        return pages.paragraph(f"{column.name}: no value in the rows drawn.")
    shown = target.sort_values("size", ascending=False).head(_CATEGORIES)
    figure, (left, right) = _two(max(1.6, 0.7 + 0.28 * len(shown)), across=True)
    places = np.arange(len(shown))
    left.barh(places, shown["size"], color=pages.NEUTRAL)
    left.set_yticks(places, [fit(str(name)) for name in shown.index])
    left.invert_yaxis()
    left.set_xlabel("rows")
    left.locator_params(axis="x", nbins=3)
    right.plot(shown["mean"], places, "o", color=pages.POSITIVE)
    right.set_xlabel(_measure(card))
    right.locator_params(axis="x", nbins=4)
    right.grid(axis="y", alpha=0.2)
    told = "; ".join(
        f"{name} {count:,} rows, {mean:.4g}" for name, count, mean in shown.head(6).itertuples()
    )
    hidden = column.distinct - len(shown)
    more = f", {hidden:,} rarer ones not drawn" if hidden > 0 else ""
    missing = f", {column.missing:,} missing" if column.missing else ""
    alt = f"{column.name}: rows and {_measure(card)} by category: {told}"
    return pages.picture(figure, alt, f"{column.name}{more}{missing}")


def _measure(card: DataCard) -> str:
    return "mean of the target" if card.target else f"share of {next(iter(card.classes))}"


def _histogram(axes: Axes, values: Floats) -> tuple[float, float]:
    """Bars of all values, those of the outermost hundredths in the outermost bars; the range."""
    low, high = (float(each) for each in np.quantile(values, [0.005, 0.995]))
    if not low < high:
        low, high = float(values.min()), float(values.max())
    if not low < high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, 31)
    axes.hist(np.clip(values, low, high), edges.tolist(), color=pages.NEGATIVE, alpha=0.8)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    return low, high


def _binned(values: Floats, target: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Of bins with about equally many rows: middle, the target's mean, 10 % and 90 % quantile."""
    bins = np.asarray(pd.qcut(values, _BINS, labels=False, duplicates="drop"), np.float64)
    if np.isnan(bins).any():  # one value in nearly every row
        bins = np.zeros(len(values))
    frame = pd.DataFrame({"value": values, "target": target}).groupby(bins)
    targets = frame["target"]
    parts = (frame["value"].median(), targets.mean(), targets.quantile(0.1), targets.quantile(0.9))
    x, means, lows, highs = (each.to_numpy() for each in parts)
    return x, means, lows, highs


def _columns(card: DataCard, powers: list[float]) -> str:
    rows = [
        (
            each.name,
            each.type,
            f"{each.missing / card.rows:.1%}" if each.missing else "–",
            each.distinct,
            *_spread(each),
            power,
        )
        for each, power in zip(card.columns[:LISTED], powers, strict=False)
    ]
    heads = ("column", "type", "missing", "distinct", "lowest", "median", "highest", "tells")
    more = len(card.columns) - LISTED
    text = (
        "'tells' is the share of the target's variance that the column explains by itself, in bins "
        "or categories." + (f" {more:,} more columns are not listed." if more > 0 else "")
    )
    return pages.section("All columns", pages.paragraph(text), pages.table(heads, rows))


def _spread(column: ColumnCard) -> tuple[str, str, str]:
    found = column.numbers
    if found is None or found.minimum is None:
        return "", "", ""
    return f"{found.minimum:.6g}", f"{found.median:.6g}", f"{found.maximum:.6g}"


def _two(height: float, *, across: bool = False) -> tuple[Figure, Any]:
    """A figure of two drawings that share an axis."""
    figure, _ = figure_of(height)
    figure.clear()
    axes = figure.subplots(1, 2, sharey=True) if across else figure.subplots(2, 1, sharex=True)
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
    return figure, axes
