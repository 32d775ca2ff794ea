"""What came of scoring: of a chunk, of a shard, of the whole."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MOST_PROBLEMS = 20
"""Problems that are counted apart."""


@dataclass(frozen=True)
class Counts:
    """rows: all that were read; problems: how often each was the reason of a rejection.

    positive: of a classification; total, lowest, highest: of the numbers that a regression
    predicted; warned: answers with a warning, of a table. None where that is not what is counted.
    """

    rows: int = 0
    rejected: int = 0
    positive: int | None = None
    problems: Mapping[str, int] = field(default_factory=dict)
    warned: int | None = None
    total: float | None = None
    lowest: float | None = None
    highest: float | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Counts:
        return cls(**values)

    def plain(self) -> dict[str, Any]:
        """As JSON values, without what is not counted."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def scored(self) -> int:
        return self.rows - self.rejected

    @property
    def mean(self) -> float | None:
        """Of the numbers predicted; None where there are none."""
        return None if self.total is None or not self.scored else self.total / self.scored


def counted(
    columns: Mapping[str, Any],
    positive: str | None,
    rows: int,
    rejected: int,
    problems: Mapping[str, int],
) -> Counts:
    """What came of some rows. columns: the answers, null where a row has a problem."""
    warned = (
        len(columns["warning"]) - columns["warning"].null_count if "warning" in columns else None
    )
    if positive is not None:
        found = pc.sum(pc.equal(columns["label"], pa.scalar(positive, pa.large_string()))).as_py()
        return Counts(rows, rejected, found or 0, problems, warned)
    said = columns["prediction"]
    ends = pc.min_max(said)
    total = pc.sum(said).as_py()
    return Counts(
        *(rows, rejected, None, problems, warned),
        *(total, ends["min"].as_py(), ends["max"].as_py()),
    )


def added(counts: Iterable[Counts]) -> Counts:
    """The sum; of the problems the most frequent ones."""
    each = list(counts)
    problems: Counter[str] = Counter()
    for one in each:
        problems.update(one.problems)

    def of(how: Callable[[list[Any]], Any], name: str) -> Any:
        known = [value for one in each if (value := getattr(one, name)) is not None]
        return how(known) if known else None

    return Counts(
        sum(one.rows for one in each),
        sum(one.rejected for one in each),
        of(sum, "positive"),
        dict(problems.most_common(MOST_PROBLEMS)),
        of(sum, "warned"),
        of(math.fsum, "total"),
        of(min, "lowest"),
        of(max, "highest"),
    )


@dataclass(frozen=True)
class ShardResult:
    """What a step did. kept_chunks: those that an earlier run had finished; seconds: of scoring."""

    chunks: int
    kept_chunks: int
    rows: int
    seconds: float

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """What the whole came to. output, rejects: where the files are, '' where there are none."""

    counts: Counts
    files: int
    output: str
    rejects: str
    version: str
    notes: tuple[str, ...] = ()

    @property
    def positive_share(self) -> float | None:
        """Of the rows that were scored; None when there are none, or they have no labels."""
        counts = self.counts
        if counts.positive is None or not counts.scored:
            return None
        return counts.positive / counts.scored

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"counts": self.counts.plain(), "notes": list(self.notes)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Outcome:
        counts, notes = Counts.of(values["counts"]), tuple(values["notes"])
        return cls(**{**values, "counts": counts, "notes": notes})
