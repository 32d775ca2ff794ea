"""Intervals around predictions, by how far held-out predictions were off: split conformal.

Lei, G'Sell, Rinaldo, Tibshirani, Wasserman: Distribution-Free Predictive Inference for Regression
(2018). Whatever the model, new rows of the same kind lie within the interval with the coverage
asked for, on average; how sure each single one is, the width does not tell.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from switchyard.errors import DataError
from switchyard.evaluation.residuals import check_predicted
from switchyard.records import Record


class BandRule(Record):
    """Half the width of the interval; note: how it came about."""

    coverage: float
    half_width: float
    rows: int
    note: str


def choose_band(y: Any, predicted: Any, coverage: float) -> BandRule:
    """The half-width that holds `coverage` of these rows, and of new ones.

    predicted: by models that had not seen the rows; where they are those of folds, of fewer rows
    than the model that is served, the interval is rather too wide (Barber et al., Predictive
    inference with the jackknife+, 2021). DataError for too few rows to tell.
    """
    truth, values = check_predicted(y, predicted)
    rows = len(truth)
    rank = math.ceil((rows + 1) * coverage)
    if rank > rows:
        needed = math.ceil(round(coverage / (1.0 - coverage), 6))
        raise DataError(
            f"an interval that holds {100 * coverage:g} % needs {needed:,} held-out rows, there "
            f"are {rows:,}: lower evaluation.coverage or bring more data"
        )
    distances = np.sort(np.abs(values - truth))
    return BandRule(
        coverage=coverage,
        half_width=float(distances[rank - 1]),
        rows=rows,
        note=f"{100 * coverage:g} % of {rows:,} rows, predicted by models that had not seen them",
    )
