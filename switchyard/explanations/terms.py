"""Explanations of linear models of tables: each term, less what it is on the mean training row."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def contributions(
    encoder: Any, model: Any, rows: Floats, inputs: int
) -> tuple[Floats, Floats, Floats]:
    """Bases (rows,), margins (rows,) and what each input adds (rows, inputs)."""
    features = encoder.transform(rows)
    base = model.intercept_ + float(np.dot(model.coef_, model.means_))
    terms = model.coef_ * (features - model.means_)
    parts = np.zeros((len(rows), inputs))
    np.add.at(parts.T, encoder.owners(), terms.T)
    return np.full(len(rows), base), model.sums(features), parts
