"""Arrays that models of tables keep: what a file may hold of them, and training rows drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import validate_data

Floats = npt.NDArray[np.float64]

BACKGROUND = 32
"""So many training rows are kept of a model that can only be explained beside others."""


def drawn(rows: Floats, seed: int) -> Floats:
    """At most `BACKGROUND` of the rows, in their order."""
    if len(rows) <= BACKGROUND:
        return np.array(rows)
    chosen = np.random.default_rng(seed).choice(len(rows), BACKGROUND, replace=False)
    return np.array(rows[np.sort(chosen)])


def plain(values: Any, kind: type, dimensions: int = 1) -> bool:
    """Whether a kernel may have these values: an array of that type and shape, row by row."""
    return (
        isinstance(values, np.ndarray)
        and values.dtype == kind
        and values.ndim == dimensions
        and bool(values.flags.c_contiguous)
    )


def checked(estimator: Any, X: Any, *, gaps: bool = False) -> Floats:
    """The rows (n, features) that a fitted estimator is asked about. gaps: NaN is allowed.

    An array that is what it should be is taken as it is, for scikit-learn's own checks cost more
    than many a model; ValueError or TypeError, in its words, for any other that cannot be read.
    """
    if (
        type(X) is np.ndarray
        and X.dtype == np.float64
        and X.ndim == 2
        and len(X)
        and X.shape[1] == getattr(estimator, "n_features_in_", None)
        and not hasattr(estimator, "feature_names_in_")
        and not (np.isinf(X) if gaps else ~np.isfinite(X)).any()
    ):
        return X
    allowed: Any = "allow-nan" if gaps else True
    rows: Floats = validate_data(
        estimator, X, reset=False, dtype=np.float64, ensure_all_finite=allowed
    )
    return rows


def added_up(start: float, terms: Floats) -> Floats:
    """Of each row its terms (n, terms), added to `start` one after the other.

    So no library may add the terms of many rows in another order than those of one.
    """
    steps = np.empty((len(terms), terms.shape[1] + 1))
    steps[:, 0], steps[:, 1:] = start, terms
    totals: Floats = np.add.accumulate(steps, axis=1)[:, -1]
    return totals
