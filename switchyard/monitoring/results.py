"""What a look at one window of captured requests came to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from switchyard.records import Record

Status = Literal["quiet", "drifted", "too-few-rows"]


class ColumnDrift(Record):
    """How far one column of the window is from the reference.

    drifted: from `threshold` on, and for `unknown_words` and the score of a classification only in
    the direction that harms: more unknown words, less sure scores.
    """

    distance: float
    threshold: float
    drifted: bool


class Quality(Record):
    """What is wrong with the rows themselves. damaged: the files that were skipped, and why.

    Of tables, by column: unknown_share of categories and outside_share of numbers that training has
    not seen; unreadable: how many cells held no value of their kind, and were skipped.
    """

    missing_share: dict[str, float] = Field(default={})
    unknown_share: dict[str, float] = Field(default={})
    outside_share: dict[str, float] = Field(default={})
    unreadable: dict[str, int] = Field(default={})
    problems: tuple[str, ...] = ()
    damaged_files: int = 0
    damaged: tuple[str, ...] = ()


class Performance(Record):
    """Real performance, on the rows of the window whose true label is known.

    below_floor: metrics that miss their floor, or exceed it where less is better. skipped: rows
    whose label or prediction is no number, of a regression.
    """

    rows: int
    metrics: dict[str, float]
    below_floor: tuple[str, ...] = ()
    skipped: int = 0


class Verdict(Record):
    """A window, since <= time < until, against the reference of the version that answered it.

    reasons: sentences for people, first those that decided. compared: as many of its rows as were
    compared. positive_share: of its rows, decided positive; None where no row has a score.
    mean_score: of a regression in its place, the mean of the predicted numbers.
    performance: None with too few labels. provisional: the window was not over. alerted: who was
    told of what, as 'webhook:drift'.
    """

    name: str
    since: datetime
    until: datetime
    rows: int
    compared: int = 0
    status: Status
    reasons: tuple[str, ...] = ()
    columns: dict[str, ColumnDrift] = Field(default={})
    drifted_share: float = 0.0
    positive_share: float | None = None
    reference_positive_share: float | None = None
    mean_score: float | None = None
    reference_mean_score: float | None = None
    quality: Quality = Quality()
    performance: Performance | None = None
    model_versions: dict[str, int] = Field(default={})
    reference_version: str = ""
    provisional: bool = False
    alerted: tuple[str, ...] = ()
    created: datetime

    @property
    def lost_performance(self) -> bool:
        """Whether real performance fell below a floor."""
        return self.performance is not None and bool(self.performance.below_floor)
