"""What a model says of rows: the probability of the positive label, or a number."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def scores_of(
    estimator: Any,
    rows: Any,
    *,
    numbers: bool,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Floats:
    """Probabilities of class 1; of a regression predicted numbers, held to the bounds."""
    if not numbers:
        return np.ascontiguousarray(estimator.predict_proba(rows)[:, 1], np.float64)
    values = np.asarray(estimator.predict(rows), np.float64)
    if minimum is None and maximum is None:
        return values
    return np.clip(values, minimum, maximum)
