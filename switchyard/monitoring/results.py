"""What a look at one window of captured requests came to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from switchyard.records import Record

Status = Literal["quiet", "drifted", "too-few-rows"]


class ColumnDrift(Record):
    """How far one column of the window is from the reference; drifted from `threshold` on."""

    distance: float
    threshold: float
    drifted: bool


class Quality(Record):
    """What is wrong with the rows themselves."""

    missing_share: dict[str, float] = Field(default={})
    problems: tuple[str, ...] = ()
    damaged_files: int = 0


class Performance(Record):
    """Real performance, on the rows of the window whose true label is known."""

    rows: int
    metrics: dict[str, float]
    below_floor: tuple[str, ...] = ()


class Verdict(Record):
    """A window, since <= time < until, against the reference of the champion's version.

    provisional: the window was not over. performance: None with too few labels.
    """

    name: str
    since: datetime
    until: datetime
    rows: int
    status: Status
    reasons: tuple[str, ...] = ()
    columns: dict[str, ColumnDrift] = Field(default={})
    drifted_share: float = 0.0
    quality: Quality = Quality()
    performance: Performance | None = None
    model_versions: dict[str, int] = Field(default={})
    reference_version: str = ""
    provisional: bool = False
    created: datetime

    @property
    def lost_performance(self) -> bool:
        """Whether real performance fell below a floor."""
        return self.performance is not None and bool(self.performance.below_floor)
