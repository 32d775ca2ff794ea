"""The exploration report: what the data look like, on one page that needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from switchyard import pages
from switchyard.data.cards import ROWS, UNDATED, Counts, DataCard
from switchyard.data.notices import SYNTHETIC
from switchyard.data.tellings import Telling, telling_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SAMPLE = 30_000
"""Rows of each class that pictures of lengths, endings and words are drawn from."""

_SEED = 7


def exploration_html(frame: pd.DataFrame, card: DataCard) -> str:
    """The page about a cleaned frame and its card."""
    if card.columns:
        from switchyard.tables.exploration import table_html

        return table_html(frame, card)
    sample = _sample(frame)
    positive, negative = card.classes
    note = f"Pictures marked * are of random rows, at most {SAMPLE:,} of each class."
    body = "\n".join(
        [
            _summary(card, note if len(sample) < card.rows else ""),
            pages.section("Classes and sources", pages.grid(balance(card), source_bars(card))),
            pages.section(
                "Lengths and endings",
                pages.grid(
                    _lengths(sample, positive, negative), _endings(sample, positive, negative)
                ),
            ),
            _words(sample, positive, negative),
            pages.section("Over time", year_bars(card)),
            origins_section(card),
            rejects_section(card),
        ]
    )
    return pages.page("The data", body, banner=SYNTHETIC if card.synthetic else None)


def _sample(frame: pd.DataFrame) -> pd.DataFrame:
    """At most `SAMPLE` rows of each class, always the same ones, in their order."""
    random = np.random.default_rng(_SEED)
    chosen = []
    for label in (0, 1):
        rows = np.flatnonzero(frame["label"].to_numpy() == label)
        few = len(rows) <= SAMPLE
        chosen.append(rows if few else random.choice(rows, SAMPLE, replace=False))
    return frame.iloc[np.sort(np.concatenate(chosen))]


def _summary(card: DataCard, note: str) -> str:
    kept = "removed" if card.deduplicated else "kept"
    rows: list[tuple[object, ...]] = [
        ("rows", card.rows),
        *((f"rows labelled {name}", count) for name, count in card.classes.items()),
        ("registered domains", card.groups),
        ("rows read", card.read),
        ("rejected", card.rejected),
        (f"duplicates, {kept}", card.duplicates),
        (f"rows of URLs with both labels, {kept}", card.contradictions),
        *([("first seen too long ago, left out", card.outdated)] if card.outdated else []),
    ]
    span = f" First seen {' to '.join(card.months)}." if card.months else " No row is dated."
    return pages.paragraph(f"Data set {card.digest[:16]}….{span} {note}") + pages.table(
        ("what", "count"), rows
    )


def balance(card: DataCard) -> str:
    """Bars of the rows of each class."""
    figure, axes = figure_of(1.5)
    names, counts = list(card.classes), list(card.classes.values())
    bars = axes.barh(names, counts, color=[pages.POSITIVE, pages.NEGATIVE])
    axes.bar_label(bars, [f"{count:,} ({count / card.rows:.1%})" for count in counts], padding=4)
    axes.set_xlim(0, max(counts) * 1.4)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.invert_yaxis()
    told = ", ".join(f"{count:,} {name}" for name, count in card.classes.items())
    return pages.picture(figure, f"Bars: rows by class: {told}", "Rows by class")


def source_bars(card: DataCard) -> str:
    """Bars of the rows of each source, by class where there are classes."""
    figure, axes = figure_of(max(1.5, 0.6 + 0.3 * min(len(card.sources), 20)))
    most = sorted(card.sources.items(), key=lambda each: -sum(each[1].values()))[:20]
    _stack(axes, dict(most), list(card.classes) or [ROWS], across=True)
    told = "; ".join(f"{name}: {sum(counts.values()):,}" for name, counts in most)
    return pages.picture(
        figure, f"Stacked bars: rows by source and class: {told}", "Rows by source"
    )


def _lengths(sample: pd.DataFrame, positive: str, negative: str) -> str:
    figure, axes = figure_of(2.8)
    lengths = sample["url"].str.len().to_numpy()
    labels = sample["label"].to_numpy()
    edges = np.linspace(0, max(float(np.quantile(lengths, 0.99)), 10.0), 50)
    medians = []
    for name, value, colour in (
        (positive, 1, pages.POSITIVE),
        (negative, 0, pages.NEGATIVE),
    ):
        part = lengths[labels == value]
        medians.append(f"{name} {np.median(part):.0f}")
        axes.hist(
            np.minimum(part, edges[-1]),
            edges.tolist(),
            density=True,
            histtype="stepfilled",
            alpha=0.55,
            color=colour,
            label=name,
        )
    axes.set_xlabel("characters of the canonical URL")
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.legend(frameon=False)
    alt = f"Histogram: length of URLs by class; medians: {', '.join(medians)} characters"
    return pages.picture(
        figure,
        alt,
        f"Length by class*; medians {', '.join(medians)}; the last bar holds all longer",
    )


def _endings(sample: pd.DataFrame, positive: str, negative: str) -> str:
    endings = sample["group"].str.rpartition(".")[2]
    endings = endings.where(~endings.str.fullmatch(r"[0-9:\]]+"), "(address)")
    labels = sample["label"].to_numpy()
    shares = {value: endings[labels == value].value_counts(normalize=True) for value in (1, 0)}
    both = shares[1].add(shares[0], fill_value=0)
    top = sorted(both.index, key=lambda ending: (-both[ending], ending))[:12]
    figure, axes = figure_of(2.8)
    places = np.arange(len(top))
    for value, name, colour, shift in (
        (1, positive, pages.POSITIVE, -0.2),
        (0, negative, pages.NEGATIVE, 0.2),
    ):
        heights = [100 * float(shares[value].get(ending, 0)) for ending in top]
        axes.barh(places + shift, heights, 0.4, color=colour, label=name)
    axes.set_yticks(places, [fit(ending) for ending in top])
    axes.invert_yaxis()
    axes.set_xlabel("% of the class")
    axes.legend(frameon=False, loc="lower right")
    told = ", ".join(
        f"{ending} {shares[1].get(ending, 0):.1%} and {shares[0].get(ending, 0):.1%}"
        for ending in top[:6]
    )
    alt = f"Bars: top-level domains, share of {positive} and of {negative} URLs: {told}"
    return pages.picture(figure, alt, "Top-level domains*")


def _words(sample: pd.DataFrame, positive: str, negative: str) -> str:
    bad, good = telling_words(sample["url"], sample["label"], sample["group"])
    text = (
        "Words by how far they tell the classes apart*: the smoothed log-odds ratio of the domains "
        "that have them. Each domain counts once."
    )
    return pages.section(
        "Most telling words",
        pages.paragraph(text),
        pages.grid(
            _word_table(bad, positive, positive, negative),
            _word_table(good, negative, positive, negative),
        ),
    )


def _word_table(words: list[Telling], name: str, positive: str, negative: str) -> str:
    rows = [(each.word, f"{each.log_odds:+.1f}", each.positive, each.negative) for each in words]
    headers = ("word", "log-odds", f"in {positive}", f"in {negative}")
    return pages.table(headers, rows, f"Words that speak for {name}")


def year_bars(card: DataCard) -> str:
    """Bars of the dated rows by year."""
    dated = {year: counts for year, counts in card.years.items() if year != UNDATED}
    undated = sum(card.years.get(UNDATED, {}).values())
    if not dated:
        return pages.paragraph("No row says when it was first seen.")
    figure, axes = figure_of(2.4, width=9.0)
    _stack(axes, dated, list(card.classes) or [ROWS], across=False)
    told = "; ".join(f"{year}: {sum(counts.values()):,}" for year, counts in dated.items())
    caption = f"Dated rows by year and class; {undated:,} rows are undated"
    return pages.picture(figure, f"Stacked bars: rows by year: {told}", caption)


def origins_section(card: DataCard) -> str:
    """The files that the rows came from."""
    rows = [
        (each.name, each.location, each.rows, each.sha256 or "–", each.note or "–")
        for each in card.origins
    ]
    headers = ("source", "location", "rows", "sha256", "note")
    return pages.section("Where the rows came from", pages.table(headers, rows))


def rejects_section(card: DataCard, most: int | None = None) -> str:
    """Why rows were rejected, of many reasons the `most` frequent."""
    if not card.rejects:
        return pages.section("Rejected rows", pages.paragraph("None."))
    rows = list(card.rejects.items())[:most]
    more = len(card.rejects) - len(rows)
    told = [pages.paragraph(f"And {more:,} more reasons.")] if more else []
    return pages.section("Rejected rows", pages.table(("reason", "rows"), rows), *told)


def _stack(axes: Axes, counts: dict[str, Counts], classes: list[str], *, across: bool) -> None:
    """Stacked bars of each key's rows by class, across the page or upright."""
    names = [fit(name) for name in counts]
    start: npt.NDArray[Any] = np.zeros(len(names))
    for name, colour in zip(classes, (pages.POSITIVE, pages.NEGATIVE), strict=False):
        values = np.array([each[name] for each in counts.values()])
        places = np.arange(len(names))
        if across:
            axes.barh(places, values, left=start, color=colour, label=name)
        else:
            axes.bar(places, values, bottom=start, color=colour, label=name)
        start = start + values
    ticks, numbers = (axes.yaxis, axes.xaxis) if across else (axes.xaxis, axes.yaxis)
    ticks.set_ticks(np.arange(len(names)), names)
    numbers.set_major_formatter(lambda value, _: f"{value:,.0f}")
    if across:
        axes.invert_yaxis()
        axes.locator_params(axis="x", nbins=4)
    elif len(names) > 12:
        axes.set_xticks(np.arange(len(names))[::2], names[::2])
    if classes != [ROWS]:
        axes.legend(frameon=False)


def fit(name: str) -> str:
    """The name as a label of a drawing: short, and no formula."""
    return (name if len(name) < 25 else name[:24] + "…").replace("$", r"\$")


def figure_of(height: float, width: float = 5.6) -> tuple[Figure, Axes]:
    """A figure with one drawing, as all pages have them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
