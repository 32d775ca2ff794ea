"""The reference of a packaged model, from the rows of its training run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.monitoring.references import (
    FOLDER,
    make_reference,
    make_table_reference,
    sample_rows,
)
from switchyard.packages.loading import load
from switchyard.tasks.rows import on_tables, rows_of

if TYPE_CHECKING:
    import pandas as pd


def reference_of(
    package: Path, train: pd.DataFrame, holdout: pd.DataFrame, seed: int, folder: Path
) -> Path:
    """Write the reference below `folder`: held-out rows with the packaged model's scores.

    Held-out rows, because live requests are of what training has not seen, and scores of rows that
    a model was fitted on are surer than it can be of new ones.
    """
    model = load(package)
    inputs = model.manifest.inputs
    tabular = on_tables(inputs)
    rows = holdout.iloc[sample_rows(len(holdout), seed, len(inputs) if tabular else 1)]
    scores = model.scores(rows_of(rows, inputs))
    target = folder / FOLDER
    if tabular:
        return make_table_reference(rows, inputs, scores, len(holdout), target)
    return make_reference(rows, train["url"], scores, seed, target)
