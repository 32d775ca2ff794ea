"""The reference of a packaged model, from the rows of its training run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from switchyard.monitoring.references import FOLDER, make_reference, sample_rows
from switchyard.packages.loading import load

if TYPE_CHECKING:
    import pandas as pd


def reference_of(
    package: Path, train: pd.DataFrame, holdout: pd.DataFrame, seed: int, folder: Path
) -> Path:
    """Write the reference below `folder`: held-out rows with the packaged model's scores.

    Held-out rows, because live requests are of domains that training has not seen, and scores of
    rows that a model was fitted on are surer than it can be of new ones.
    """
    rows = holdout.iloc[sample_rows(len(holdout), seed)]
    scores = load(package).estimator.predict_proba(rows["url"])[:, 1]
    return make_reference(rows, train["url"], np.asarray(scores), seed, folder / FOLDER)
