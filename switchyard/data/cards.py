"""The data card: what a data set is, in numbers, for people and for the record of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.configuration.model import Definition
from switchyard.configuration.tasks import TASKS
from switchyard.data.cleaning import Cleaned
from switchyard.data.digests import dataset_digest
from switchyard.data.loading import Provenance
from switchyard.data.notices import SYNTHETIC
from switchyard.records import Record
from switchyard.tables.telling import ColumnCard, Numbers, column_cards, numbers_of, oddities

UNDATED = "undated"
ROWS = "rows"

Counts = dict[str, int]


class OriginCard(Record):
    """Where some rows came from."""

    name: str
    location: str
    sha256: str | None
    rows: int
    synthetic: bool
    note: str | None


class DataCard(Record):
    """A data set in numbers; counts by class are keyed by the labels' names.

    classes: empty of a regression, whose `target` is told of instead, and whose rows are counted as
    'rows'. groups: keys that keep rows on one side of the split. oddities: what to look at.
    """

    digest: str
    synthetic: bool
    rows: int
    groups: int
    classes: Counts
    target: Numbers | None = None
    columns: tuple[ColumnCard, ...] = ()
    oddities: tuple[str, ...] = ()
    sources: dict[str, Counts]
    years: dict[str, Counts]
    months: tuple[str, str] | None
    read: int
    rejected: int
    duplicates: int
    contradictions: int
    outdated: int = 0
    deduplicated: bool
    rejects: Counts
    origins: tuple[OriginCard, ...]

    def to_markdown(self) -> str:
        """The card as text."""
        kept = "removed" if self.deduplicated else "kept"
        facts = {
            "Rows": self.rows,
            **{f"Rows labelled {name}": count for name, count in self.classes.items()},
            "Groups of rows" if self.columns else "Registered domains": self.groups,
            "Rows read": self.read,
            "Rejected": self.rejected,
            f"Duplicates, {kept}": self.duplicates,
            **(
                {}
                if self.columns
                else {f"Rows of URLs with both labels, {kept}": self.contradictions}
            ),
            **({"First seen too long ago, left out": self.outdated} if self.outdated else {}),
        }
        names = list(self.classes) or [ROWS]
        parts = [f"> **{SYNTHETIC}**\n"] if self.synthetic else []
        parts += [
            "# Data card\n",
            f"Digest `{self.digest}`"
            + (f", {' to '.join(self.months)}" if self.months else "")
            + "\n",
            _table(("What", "Count"), facts.items()),
            *(f"> Look at this: {told}.\n" for told in self.oddities),
            *self._columns(),
            "## Where the rows came from\n",
            _table(
                ("Source", "Location", "sha256", "Rows", "Note"),
                (
                    (each.name, each.location, (each.sha256 or "–")[:16], each.rows, each.note)
                    for each in self.origins
                ),
            ),
            "## By source\n",
            _table(("Source", *names), _by_class(self.sources, names)),
            "## By year\n",
            _table(("First seen", *names), _by_class(self.years, names)),
        ]
        if self.rejects:
            parts += ["## Rejected\n", _table(("Reason", "Rows"), self.rejects.items())]
        return "\n".join(parts)

    def _columns(self) -> list[str]:
        if not self.columns:
            return []
        rows = [
            (each.name, each.type, each.missing, each.distinct, *_spread(each.numbers))
            for each in self.columns
        ]
        if self.target is not None:
            rows.append(("the target", "number", 0, "", *_spread(self.target)))
        heads = ("Column", "Type", "Missing", "Distinct", "Minimum", "Median", "Mean", "Maximum")
        return ["## Columns\n", _table(heads, rows)]


def data_card(
    cleaned: Cleaned, provenance: Provenance, definition: Definition | None = None
) -> DataCard:
    """Describe cleaned data and where they came from."""
    what = definition or Definition()
    frame = cleaned.frame
    numbers = TASKS[what.task].numbers
    positive = pd.Series(True, frame.index) if numbers else frame["label"] == 1
    names = (ROWS, "") if numbers else (what.labels.positive, what.labels.negative)
    classes = {names[0]: int(positive.sum()), names[1]: int((~positive).sum())}
    months = pa.array(frame["first_seen"].astype("str"), from_pandas=True)
    dates = sorted(months.unique().drop_null().to_pylist())
    years = pd.Series(pc.fill_null(pc.utf8_slice_codeunits(months, 0, 4), UNDATED).to_pandas())
    return DataCard(
        digest=dataset_digest(frame),
        synthetic=provenance.synthetic,
        rows=len(frame),
        groups=int(frame["group"].nunique()),
        classes={} if numbers else classes,
        target=numbers_of(frame["label"]) if numbers else None,
        columns=column_cards(frame, what) if what.table is not None else (),
        oddities=oddities(frame, what) if what.table is not None else (),
        sources=_counts(frame["source"], positive, names),
        years=_counts(years, positive, names),
        months=(dates[0], dates[-1]) if dates else None,
        read=cleaned.counts["read"],
        rejected=cleaned.counts["rejected"],
        duplicates=cleaned.counts["duplicates"],
        contradictions=cleaned.counts["contradictions"],
        outdated=cleaned.counts["outdated"],
        deduplicated=cleaned.deduplicated,
        rejects={
            str(reason): int(count)
            for reason, count in cleaned.rejects["reason"].value_counts().items()
        },
        origins=tuple(OriginCard(**each) for each in provenance.plain()["origins"]),
    )


def _counts(
    keys: pd.Series[Any], positive: pd.Series[bool], names: tuple[str, str]
) -> dict[str, Counts]:
    """Rows of each class by key, the keys sorted."""
    table = pd.crosstab(keys, positive).reindex(columns=[True, False], fill_value=0).sort_index()
    return {
        str(key): {name: int(count) for name, count in zip(names, counts, strict=True) if name}
        for key, *counts in table.itertuples(name=None)
    }


def _spread(numbers: Numbers | None) -> tuple[str, ...]:
    if numbers is None:
        return ("", "", "", "")
    found = (numbers.minimum, numbers.median, numbers.mean, numbers.maximum)
    return tuple("–" if value is None else f"{value:.6g}" for value in found)


def _by_class(counts: Mapping[str, Counts], names: Iterable[str]) -> list[tuple[Any, ...]]:
    return [(key, *(each.get(name, 0) for name in names)) for key, each in counts.items()]


def _table(headers: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    heads = list(headers)
    lines = [_line(heads), _line("---" for _ in heads), *(_line(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[Any]) -> str:
    shown = (
        f"{cell:,}" if isinstance(cell, int) else str(cell if cell is not None else "–")
        for cell in cells
    )
    return "| " + " | ".join(text.replace("|", "\\|").replace("\n", " ") for text in shown) + " |"
