"""Explanations of trees that are added up: exact Shapley values of the inputs (TreeSHAP)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from switchyard.errors import PlatformError
from switchyard.tables.shapley_kernels import tree_shapley

Floats = npt.NDArray[np.float64]


def contributions(
    encoder: Any, model: Any, rows: Floats, inputs: int
) -> tuple[Floats, Floats, Floats]:
    """Bases (rows,), margins (rows,) and what each input adds (rows, inputs).

    The places of a category are one input, known or unknown together. Trees whose mean is a
    probability are put into log-odds by one factor a row, which leaves the shares as they are.
    """
    features = np.ascontiguousarray(encoder.transform(rows))
    base, parts = sums(model, features, encoder.owners(), inputs)
    bases, margins = np.full(len(rows), base), model.sums(features)
    if not getattr(model, "tells_shares", False):
        return bases, margins, parts
    gaps = margins - bases
    level = 1.0 / (bases * (1.0 - bases))  # what the factor comes to as the gap closes
    with np.errstate(invalid="ignore", divide="ignore"):
        factors = np.where(np.abs(gaps) > 1e-9, (logit(margins) - logit(bases)) / gaps, level)
    return logit(bases), logit(margins), parts * factors[:, None]


def sums(
    model: Any, features: Floats, owners: npt.NDArray[np.int64], count: int
) -> tuple[float, Floats]:
    """The mean sum of the trees, and what each of `count` owners of features adds to a row's.

    PlatformError when the features are not those of the trees: the kernel looks at no bounds.
    """
    width = model.n_features_in_
    owned = bool(((owners >= 0) & (owners < count)).all())
    if not (features.shape[1] == len(owners) == width and owned):
        raise PlatformError(
            f"the model's encoder makes {features.shape[1]:,} features of {count:,} inputs, its "
            f"trees were grown on {width:,}: they are not of one model; train it again"
        )
    parts, mean = np.zeros((len(features), count)), np.zeros(1)
    tree_shapley(
        features, model.roots_, model.features_, model.lefts_, model.rights_, model.thresholds_,
        model.values_, model.covers_, model.weights_, owners, parts, mean,
    )  # fmt: skip
    return float(mean[0]) + model.base_, parts
