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
from switchyard.evaluation.judging import evaluate
from switchyard.evaluation.reports import report_html
from switchyard.evaluation.results import Evaluation
from switchyard.evaluation.selection import select
from switchyard.evaluation.slices import slice_columns
from switchyard.evaluation.tellings import telling_tokens
from switchyard.evaluation.thresholds import Threshold
from switchyard.progress import stage


@step(cache_policy=EVALUATION, output_materializers={"challenger": EstimatorMaterializer})
def evaluate_candidates(
    holdout: pd.DataFrame,
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
    names = [result["tuning"]["candidate"] for result in results]
    named = dict(zip(names, models, strict=True))
    served = select(case, {name: r["validation"] for name, r in zip(names, results, strict=True)})
    scores = {}
    with stage("Judge the candidates on the holdout") as report:
        for done, (name, model) in enumerate(named.items()):
            report(done, len(named), name)
            scores[name] = model.predict_proba(holdout["url"])[:, 1]
        report(len(named), None, "intervals and slices")
        evaluation = evaluate(
            holdout["label"].to_numpy(),
            scores,
            {
                name: Threshold.model_validate(result["threshold"])
                for name, result in zip(names, results, strict=True)
            },
            served,
            slice_columns(holdout),
            case.evaluation,
            case.seed,
            groups=holdout["group"],
            telling=telling_tokens(named[served], holdout["url"], seed=case.seed),
        )
    with stage("Write the report"):
        page = report_html(evaluation, case, data_card, [result["tuning"] for result in results])
    log_metadata({"served": served, **evaluation.figures(served)})
    return evaluation, named[served], HTMLString(page)
