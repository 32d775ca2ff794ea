"""The step that tunes and fits one candidate; a pipeline has one of it a candidate."""

from __future__ import annotations

from typing import Annotated, Any

import pandas as pd
from sklearn.base import BaseEstimator
from zenml import ArtifactConfig, log_metadata, step
from zenml.enums import ArtifactType

from steps.caching import TRAINING
from steps.materializers import EstimatorMaterializer
from switchyard.configuration.model import Candidate, Definition, Evaluation, Tuning
from switchyard.tasks.rows import inputs_of


@step(cache_policy=TRAINING, output_materializers={"model": EstimatorMaterializer})
def train_candidate(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    inputs: dict[str, Any],
    candidate: dict[str, Any],
    definition: dict[str, Any],
    tuning: dict[str, Any],
    rule: dict[str, Any],
    seed: int,
) -> tuple[
    Annotated[
        BaseEstimator,
        ArtifactConfig(name="model", artifact_type=ArtifactType.MODEL, tags=["candidate"]),
    ],
    Annotated[dict[str, Any], "result"],
]:
    """Tune on folds of the training rows, fit on all of them, choose its rule on other rows."""
    # Here, so that a run whose candidates are cached need not load what fits them.
    from switchyard.candidates.learning import Learner

    learner = Learner(
        train=train,
        validation=validation,
        inputs=inputs_of(inputs),
        definition=Definition.of(definition),
        tuning=Tuning.of(tuning),
        rule=Evaluation.of(rule),
        seed=seed,
    )
    learnt = learner.learn(Candidate.of(candidate))
    log_metadata(
        {"parameters": dict(learnt.tuned.parameters), "cross_validated": learnt.tuned.mean}
    )
    return learnt.model, learnt.plain()
