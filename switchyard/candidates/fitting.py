"""Fitting: one candidate with given parameters on given rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from switchyard.candidates.catalogue import build
from switchyard.configuration.model import Candidate, Scalar
from switchyard.errors import RequestError, SwitchyardError

Labels = npt.NDArray[Any]
Groups = npt.NDArray[Any] | None


def fit(
    candidate: Candidate,
    parameters: Mapping[str, Scalar],
    rows: Any,
    y: Any,
    groups: Any,
    seed: int,
    sizes: Sequence[int] | None = None,
) -> BaseEstimator:
    """The candidate with these parameters (a `TuningResult`'s, say), fitted on all the rows.

    rows: URLs, or coded rows of a table whose inputs have these sizes; y: 0 or 1, or numbers;
    groups: a key a row, or None.
    """
    chosen = candidate.model_copy(update={"parameters": dict(parameters)})
    estimator = build(chosen, seed, sizes)
    keys = None if groups is None else np.asarray(groups)
    return fit_named(
        estimator, rows, np.asarray(y), keys, f"candidate '{candidate.name}'{told(parameters)}"
    )


def fit_named(
    estimator: BaseEstimator, X: Any, y: Labels, groups: Groups, name: str
) -> BaseEstimator:
    """Fit, with groups if the model takes them; a refusal becomes a RequestError that names it."""
    prefix, last = "", estimator
    if isinstance(estimator, Pipeline):
        step, last = estimator.steps[-1]
        prefix = f"{step}__"
    extra = {}
    if groups is not None and has_fit_parameter(last, "groups"):
        extra = {f"{prefix}groups": groups}
    try:
        return estimator.fit(X, y, **extra)
    except SwitchyardError:
        raise
    except Exception as error:
        raise RequestError(f"{name} could not be fitted: {error}") from error


def told(parameters: Mapping[str, Scalar]) -> str:
    """The parameters as a person reads them after a name: " with C=1, …", or nothing."""
    if not parameters:
        return ""
    return " with " + ", ".join(f"{name}={value}" for name, value in parameters.items())
