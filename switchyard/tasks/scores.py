"""What a model says of rows: the probability of the positive label, or a number."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Bounds(Protocol):
    """What a predicted number may be: of a target, or of what a manifest says is predicted."""

    @property
    def minimum(self) -> float | None: ...
    @property
    def maximum(self) -> float | None: ...


def scores_of(
    estimator: Any,
    rows: Any,
    *,
    numbers: bool,
    bounds: Bounds | None = None,
) -> Floats:
    """Probabilities of class 1; of a regression predicted numbers, held to the bounds."""
    if not numbers:
        return np.ascontiguousarray(estimator.predict_proba(rows)[:, 1], np.float64)
    values = np.asarray(estimator.predict(rows), np.float64)
    if bounds is None or (bounds.minimum is None and bounds.maximum is None):
        return values
    return np.clip(values, bounds.minimum, bounds.maximum)
