"""Slices of a regression: how far predictions are off on parts of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from switchyard.evaluation.residuals import MEASURES, Residuals
from switchyard.evaluation.slices import parts_of
from switchyard.records import Record

FIGURES = ("mae", "rmse", "bias", "coverage")


class NumberSlice(Record):
    """A model on the rows where `family` is `name`; bias: mean of prediction - truth."""

    family: str
    name: str
    rows: int
    mae: float
    rmse: float
    bias: float
    coverage: float


def measure_number_slices(
    y: Any, predicted: Any, half_width: float, columns: pd.DataFrame, min_rows: int
) -> tuple[NumberSlice, ...]:
    """Every slice of at least `min_rows` rows, families in the order of the columns."""
    truth, values = np.asarray(y, np.float64), np.asarray(predicted, np.float64)
    found = []
    for family, name, rows in parts_of(columns):
        if rows.sum() >= max(min_rows, 1):
            measured = Residuals(truth[rows], values[rows], half_width).measure()
            told = dict(zip(MEASURES, measured.tolist(), strict=True))
            figures = {figure: told[figure] for figure in FIGURES}
            found.append(NumberSlice(family=family, name=name, rows=int(rows.sum()), **figures))
    return tuple(found)
