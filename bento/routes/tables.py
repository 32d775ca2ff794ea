"""The shapes of answers of models that take tables, and which answers a model gives."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, Field

from bento.routes.documents import (
    ExplainAnswer,
    FeedbackAnswer,
    NumberFeedbackAnswer,
    PredictAnswer,
    Prediction,
)
from switchyard.packages.manifest import Manifest
from switchyard.tasks.rows import on_tables

_WARNINGS = Field(
    default=None, description="There only when numbers are beyond those that were trained."
)
_COVERAGE = Field(description="Share of the true numbers that lie between low and high.")


class TablePrediction(Prediction):
    """What the model says of one instance."""

    warnings: list[str] | None = _WARNINGS


class TablePredictAnswer(PredictAnswer):
    """The predictions, in the order of the instances."""

    predictions: list[TablePrediction]  # type: ignore[assignment]


class PredictedNumber(BaseModel):
    """The number that the model predicts of one instance, and the interval around it."""

    value: float
    low: float
    high: float
    warnings: list[str] | None = _WARNINGS


class NumberPredictAnswer(BaseModel):
    """The predictions, in the order of the instances."""

    request_id: str
    model_version: str
    coverage: float = _COVERAGE
    predictions: list[PredictedNumber]
    notice: str | None = Field(default=None, description="There only when it must be said.")


class ColumnContribution(BaseModel):
    """What the value of one column adds."""

    feature: str
    value: float | str | None
    contribution: float


class TableExplanation(BaseModel):
    """base + the sum of the contributions = margin; score = 1 / (1 + exp(-margin))."""

    label: str
    score: float
    margin: float
    base: float
    contributions: list[ColumnContribution]


class TableExplainAnswer(BaseModel):
    """The explanations, in the order of the instances; contributions to the log-odds."""

    request_id: str
    model_version: str
    threshold: float
    explanations: list[TableExplanation]
    notice: str | None = None


class NumberExplanation(BaseModel):
    """base + the sum of the contributions = value, before it is held to the target's bounds."""

    value: float
    base: float
    contributions: list[ColumnContribution]


class NumberExplainAnswer(BaseModel):
    """The explanations, in the order of the instances; contributions in the target's unit."""

    request_id: str
    model_version: str
    coverage: float = _COVERAGE
    explanations: list[NumberExplanation]
    notice: str | None = None


class Shapes(NamedTuple):
    """What a model's answers look like."""

    predict: type[BaseModel]
    explain: type[BaseModel]
    feedback: type[BaseModel]


def shapes(manifest: Manifest) -> Shapes:
    """The shapes of the answers of this model."""
    if manifest.predicted is not None:
        return Shapes(NumberPredictAnswer, NumberExplainAnswer, NumberFeedbackAnswer)
    if on_tables(manifest.inputs):
        return Shapes(TablePredictAnswer, TableExplainAnswer, FeedbackAnswer)
    return Shapes(PredictAnswer, ExplainAnswer, FeedbackAnswer)
