"""The evaluation of regressions: predictions of all candidates on the holdout → one result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from switchyard.configuration.model import Evaluation as Settings
from switchyard.evaluation.comparing import compare, require_alike
from switchyard.evaluation.conformal import BandRule
from switchyard.evaluation.importances import Importance
from switchyard.evaluation.number_slices import measure_number_slices
from switchyard.evaluation.residuals import Residuals
from switchyard.evaluation.results import Curve, ErrorBin, Evaluation, Served

POINTS = 400
"""So many rows are drawn in a picture."""

_BINS = 10


def evaluate_numbers(
    y: Any,
    predicted: Mapping[str, Any],
    bands: Mapping[str, BandRule],
    served: str,
    columns: pd.DataFrame,
    settings: Settings,
    seed: int,
    *,
    groups: Any = None,
    importances: Sequence[Importance] = (),
) -> Evaluation:
    """Judge every candidate on the same rows and resamples, and the served one slice by slice.

    y: the true numbers of the holdout; predicted: candidate → predictions; bands: candidate → its
    interval; columns: slices; groups: as of `switchyard.evaluation.judging.evaluate`.
    """
    require_alike(predicted, bands, served, "predictions", "intervals")
    slices = measure_number_slices(
        y, predicted[served], bands[served].half_width, columns, settings.min_slice_rows
    )

    def details(name: str, residuals: Residuals) -> dict[str, Any]:
        fit, errors = _fit(residuals, seed), _errors(residuals)
        return {"band": bands[name], "fit": fit, "errors": errors}

    return compare(
        {
            name: partial(Residuals, y, values, bands[name].half_width)
            for name, values in predicted.items()
        },
        details,
        Served(name=served, slices=slices, importances=tuple(importances)),
        settings,
        seed,
        positives=None,
        groups=groups,
    )


def _fit(residuals: Residuals, seed: int) -> Curve:
    """Truth by prediction, of a sample of rows."""
    rows = np.random.default_rng(seed).permutation(residuals.rows)[:POINTS]
    return Curve(x=_plain(residuals.predicted[rows]), y=_plain(residuals.truth[rows]))


def _errors(residuals: Residuals) -> tuple[ErrorBin, ...]:
    """Errors of rows whose predictions are alike, from the lowest predictions to the highest."""
    order = np.argsort(residuals.predicted, kind="stable")
    parts = np.array_split(order, min(_BINS, max(1, residuals.rows // 5)))
    return tuple(_bin(residuals, part) for part in parts)


def _bin(residuals: Residuals, rows: npt.NDArray[np.intp]) -> ErrorBin:
    low, median, high = np.quantile(residuals.errors[rows], (0.1, 0.5, 0.9)).tolist()
    mean = float(residuals.predicted[rows].mean())
    return ErrorBin(predicted=mean, low=low, median=median, high=high, rows=len(rows))


def _plain(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in values)
