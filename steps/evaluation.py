"""The step that judges all candidates on the holdout, once."""

from __future__ import annotations

from typing import Annotated, Any

import pandas as pd
from sklearn.base import BaseEstimator
from zenml import ArtifactConfig, log_metadata, step
from zenml.enums import ArtifactType
from zenml.types import HTMLString

from steps.caching import EVALUATION
from steps.materializers import EstimatorMaterializer
from switchyard.configuration.model import UseCase
from switchyard.data.cards import DataCard
from switchyard.evaluation.holdout import judge
from switchyard.evaluation.reports import report_html
from switchyard.evaluation.results import Evaluation
from switchyard.evaluation.selection import select
from switchyard.progress import stage
from switchyard.tasks.rows import inputs_of


@step(cache_policy=EVALUATION, output_materializers={"challenger": EstimatorMaterializer})
def evaluate_candidates(
    holdout: pd.DataFrame,
    inputs: dict[str, Any],
    models: list[BaseEstimator],
    results: list[dict[str, Any]],
    data_card: DataCard,
    use_case: dict[str, Any],
) -> tuple[
    Annotated[Evaluation, "evaluation"],
    Annotated[
        BaseEstimator,
        ArtifactConfig(name="challenger", artifact_type=ArtifactType.MODEL, tags=["challenger"]),
    ],
    Annotated[HTMLString, "report"],
]:
    """Score the holdout with every candidate; measure, slice, explain the one to serve; report."""
    case = UseCase.of(use_case)
    named = {
        result["tuning"]["candidate"]: (model, result)
        for model, result in zip(models, results, strict=True)
    }
    found = {name: result for name, (_, result) in named.items()}
    served = select(case, found)
    estimators = {name: model for name, (model, _) in named.items()}
    with stage("Judge the candidates on the holdout") as report:
        evaluation = judge(holdout, estimators, found, served, inputs_of(inputs), case, report)
    with stage("Write the report"):
        page = report_html(evaluation, case, data_card, [result["tuning"] for result in results])
    log_metadata({"served": served, **evaluation.figures(served)})
    return evaluation, estimators[served], HTMLString(page)
