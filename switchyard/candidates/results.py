"""What tuning found: plain frozen data, ready for JSON by `dataclasses.asdict`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from switchyard.configuration.model import Scalar


@dataclass(frozen=True)
class GridPoint:
    """One combination of the searched parameters and its score on each fold."""

    parameters: Mapping[str, Scalar]
    mean: float
    std: float
    scores: tuple[float, ...]
    fit_seconds: float


@dataclass(frozen=True)
class Curve:
    """Validation curve of one searched parameter, the others at their best: score by value."""

    parameter: str
    values: tuple[Scalar, ...]
    means: tuple[float, ...]
    stds: tuple[float, ...]


@dataclass(frozen=True)
class TuningResult:
    """The best parameters (fixed and searched), every point of the grid in its order, and curves.

    A tie goes to the point that the grid names first. rows: how many the folds were made of.
    """

    candidate: str
    estimator: str
    metric: str
    parameters: Mapping[str, Scalar]
    mean: float
    std: float
    table: tuple[GridPoint, ...]
    curves: tuple[Curve, ...]
    rows: int
    seconds: float
