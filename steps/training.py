"""The step that tunes and fits one candidate; a pipeline has one of it a candidate."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import pandas as pd
from sklearn.base import BaseEstimator
from zenml import ArtifactConfig, log_metadata, step
from zenml.enums import ArtifactType

from steps.caching import TRAINING
from steps.materializers import EstimatorMaterializer
from switchyard.configuration.model import Candidate, Tuning
from switchyard.evaluation.metrics import measure_all
from switchyard.evaluation.thresholds import choose_threshold
from switchyard.progress import stage


@step(cache_policy=TRAINING, output_materializers={"model": EstimatorMaterializer})
def train_candidate(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    candidate: dict[str, Any],
    tuning: dict[str, Any],
    max_false_positive_rate: float,
    seed: int,
) -> tuple[
    Annotated[
        BaseEstimator,
        ArtifactConfig(name="model", artifact_type=ArtifactType.MODEL, tags=["candidate"]),
    ],
    Annotated[dict[str, Any], "result"],
]:
    """Tune on folds of the training rows, fit on all of them, set the threshold on validation."""
    # Here, so that a run whose candidates are cached need not load what fits them.
    from switchyard.candidates.fitting import fit
    from switchyard.candidates.tuning import tune

    wanted = Candidate.of(candidate)
    urls, labels, groups = train["url"], train["label"].to_numpy(), train["group"]
    with stage(f"Tune {wanted.name}") as report:
        tuned = tune(wanted, urls, labels, groups, Tuning.of(tuning), seed, report)
    with stage(f"Fit {wanted.name}"):
        model = fit(wanted, tuned.parameters, urls, labels, groups, seed)
        scores = model.predict_proba(validation["url"])[:, 1]
    truth = validation["label"].to_numpy()
    threshold = choose_threshold(truth, scores, max_false_positive_rate, validation["group"])
    measured = measure_all(truth, scores, threshold.value)
    log_metadata({"parameters": dict(tuned.parameters), "cross_validated": tuned.mean})
    return model, {
        "tuning": asdict(tuned),
        "threshold": threshold.model_dump(mode="json"),
        "validation": {name: value for name, value in measured.items() if value == value},
    }
