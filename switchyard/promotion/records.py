"""What a decision is made of and what it leaves: contenders, gates, the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from switchyard.evaluation.intervals import Interval, Measured
from switchyard.evaluation.metrics import Decided
from switchyard.evaluation.residuals import Residuals
from switchyard.records import Record


class Gate(Record):
    """One condition: what was found, what was allowed, and a sentence for people."""

    name: str
    passed: bool
    value: float | None
    limit: float | None
    sentence: str


class Model(Record):
    """A model as the record names it."""

    name: str
    version: int | None
    content_sha256: str
    metrics: Mapping[str, float]


class Decision(Record):
    """Whether the challenger is promoted, and every gate that was looked at.

    interval: how much better the challenger is by `metric`; None without a champion. rest: the same
    on the rows that are not recent, where recent ones decide; rows: what `interval` is measured on.
    """

    promoted: bool
    summary: str
    metric: str
    interval: Interval | None
    gates: tuple[Gate, ...]
    challenger: Model
    champion: Model | None
    created: str
    rest: Interval | None = None
    rows: str = "all held-out rows"

    def to_markdown(self) -> str:
        """The record as text."""
        marks = {True: "passed", False: "**refused**"}
        rows = [f"| {gate.name} | {marks[gate.passed]} | {gate.sentence} |" for gate in self.gates]
        head = ["| gate | result | why |", "|---|---|---|"] if rows else []
        lines = ["# Decision", "", self.summary, "", *head, *rows, ""]
        made = f"Made {self.created}, on the holdout of this run; the gain on {self.rows}."
        return "\n".join([*lines, made, ""])

    @property
    def same_model(self) -> bool:
        """Whether the challenger is no other model than the champion: nothing was refused then."""
        return any(gate.name == "identity" and not gate.passed for gate in self.gates)

    @property
    def floors_passed(self) -> bool:
        """Whether the challenger may be registered at all."""
        return all(gate.passed for gate in self.gates if gate.name.startswith("floor:"))


@dataclass(frozen=True, eq=False)
class Contender:
    """A model and its scores on the holdout.

    threshold: of a classification; half_width: of a regression's intervals.
    """

    name: str
    content_sha256: str
    scores: Any
    threshold: float | None = None
    half_width: float | None = None
    version: int | None = None
    synthetic: bool = False

    def measured(self, y: Any, rows: Any = ...) -> Measured:
        """The scores beside the truth, on the rows of a mask, or on all."""
        truth, scores = np.asarray(y)[rows], np.asarray(self.scores)[rows]
        if self.threshold is None:
            return Residuals(truth, scores, self.half_width or 0.0)
        return Decided(truth, scores, self.threshold)
