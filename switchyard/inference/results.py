"""What came of scoring: of a chunk, of a shard, of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_PROBLEMS = 20
"""Problems that are counted apart."""


@dataclass(frozen=True)
class Counts:
    """rows: all that were read; problems: how often each was the reason of a rejection."""

    rows: int = 0
    rejected: int = 0
    positive: int = 0
    problems: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Counts:
        return cls(**values)

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def scored(self) -> int:
        return self.rows - self.rejected


def added(counts: Iterable[Counts]) -> Counts:
    """The sum; of the problems the most frequent ones."""
    rows = rejected = positive = 0
    problems: Counter[str] = Counter()
    for each in counts:
        rows += each.rows
        rejected += each.rejected
        positive += each.positive
        problems.update(each.problems)
    return Counts(rows, rejected, positive, dict(problems.most_common(MOST_PROBLEMS)))


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
        """Of the rows that were scored; None when there are none."""
        return self.counts.positive / self.counts.scored if self.counts.scored else None

    def plain(self) -> dict[str, Any]:
        return asdict(self) | {"counts": self.counts.plain(), "notes": list(self.notes)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Outcome:
        counts, notes = Counts.of(values["counts"]), tuple(values["notes"])
        return cls(**{**values, "counts": counts, "notes": notes})
