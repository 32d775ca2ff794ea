"""Arrays that models of tables keep: what a file may hold of them, and training rows drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

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
