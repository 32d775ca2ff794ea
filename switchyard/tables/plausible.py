"""Which numbers can be true of a model's inputs and target: what callers send is held to them.

A request or a label may hold any number. One that lies far beyond what was trained is a slip or an
attack: one of them makes a mean, a spread or a trained range worthless.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from switchyard.packages.manifest import Number, Predicted

if TYPE_CHECKING:
    from switchyard.packages.manifest import Manifest

REACH = 10.0
"""Trained ranges that a number may lie below or above what was trained."""

_SQUARABLE = 1e140
_LARGEST = sys.float_info.max


@dataclass(frozen=True)
class Limits:
    """The least and the greatest plausible number; span: the trained range, above 0."""

    low: float
    high: float
    span: float

    def fit(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which numbers lie within; NaN do not."""
        found: npt.NDArray[np.bool_] = (values >= self.low) & (values <= self.high)
        return found


@dataclass(frozen=True)
class Plausible:
    """The limits of a model: of its target, when that is a number, and of its numeric inputs."""

    target: Limits | None = None
    inputs: Mapping[str, Limits] = field(default_factory=dict)

    @classmethod
    def of(cls, manifest: Manifest) -> Plausible:
        """Those that a manifest's training rows give; inputs by their own names."""
        inputs = {
            name: limits(each.minimum, each.maximum)
            for name, each in manifest.inputs.items()
            if isinstance(each, Number)
        }
        return cls(of_target(manifest.predicted) if manifest.predicted else None, inputs)


def limits(
    lowest: float, highest: float, minimum: float | None = None, maximum: float | None = None
) -> Limits:
    """`REACH` ranges around what was trained; a bound that people have set counts instead."""
    span = min(highest - lowest, _LARGEST) or max(abs(highest), 1.0)
    low, high = lowest - REACH * span, highest + REACH * span
    return Limits(
        low=max(low, -_LARGEST) if minimum is None else minimum,
        high=min(high, _LARGEST) if maximum is None else maximum,
        span=span,
    )


def of_target(predicted: Predicted) -> Limits:
    """What the true number of an instance can be."""
    return limits(predicted.lowest, predicted.highest, predicted.minimum, predicted.maximum)


def sound_truths(values: Any, target: Limits | None) -> npt.NDArray[np.bool_]:
    """Which true numbers can be measured with: `squarable` and within the limits that are known."""
    numbers = np.asarray(values, np.float64)
    return squarable(numbers) if target is None else squarable(numbers) & target.fit(numbers)


def squarable(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which numbers are such that a sum of their squares is finite; NaN are not."""
    found: npt.NDArray[np.bool_] = np.abs(values) < _SQUARABLE
    return found
