"""A model as the training pipeline would make it of some rows, in process and without records."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.loop_parts.corpus import use_case
from switchyard.candidates.fitting import fit
from switchyard.configuration.model import Candidate
from switchyard.evaluation.thresholds import choose_threshold
from switchyard.monitoring.references import Reference, make_reference, open_reference
from switchyard.split import Parts, split

FAST = Candidate(name="fast", estimator="hashed-ngrams")


@dataclass(frozen=True, eq=False)
class Learnt:
    """A fitted model, its threshold, and what windows of its answers are compared with.

    holdout: rows of domains that it was not fitted on; seen: the domains that it was.
    """

    version: int
    model: Any
    threshold: float
    reference: Reference
    holdout: pd.DataFrame
    seen: frozenset[str]

    def scores(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Probabilities of phishing, one a row."""
        found: npt.NDArray[np.float64] = self.model.predict_proba(rows["url"])[:, 1]
        return found


def learn(rows: pd.DataFrame, version: int) -> Learnt:
    """Part the rows by domain, fit on the training side, choose the threshold on validation."""
    case = use_case()
    parts: Parts = split(rows, case.split, case.seed)
    train, validation, holdout = (
        rows.iloc[side] for side in (parts.train, parts.validation, parts.holdout)
    )
    model = fit(FAST, {}, train["url"], train["label"].to_numpy(), None, case.seed)
    threshold = choose_threshold(
        validation["label"].to_numpy(),
        model.predict_proba(validation["url"])[:, 1],
        case.evaluation.max_false_positive_rate,
        validation["group"],
    ).value
    with tempfile.TemporaryDirectory() as folder:
        place = make_reference(
            holdout,
            train["url"],
            model.predict_proba(holdout["url"])[:, 1],
            case.seed,
            Path(folder) / "reference",
        )
        reference = open_reference(place, str(version))
    return Learnt(version, model, threshold, reference, holdout, frozenset(train["group"]))
