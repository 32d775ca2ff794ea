"""Training: labelled data → candidates → judged on the holdout → registered → perhaps promoted."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from steps.data import load_data, split_data
from steps.evaluation import evaluate_candidates
from steps.hooks import record_failure, record_success
from steps.promotion import promote_model
from steps.registration import package_model, record_run, register_model
from steps.training import train_candidate
from switchyard.configuration.model import UseCase


@pipeline(
    execution_mode="fail_fast",
    tags=["training"],
    on_success=record_success,
    on_failure=record_failure,
)
def training(use_case: dict[str, Any], fingerprints: list[str]) -> None:
    """Wire the steps; each gets only the parts of the configuration that it depends on.

    `fingerprints` identify the content of the sources, so that a changed file is loaded again.
    """
    case = UseCase.of(use_case)
    dataset, _, card, _, exploration = load_data(
        data=case.data.plain(),
        labels=case.labels.plain(),
        seed=case.seed,
        fingerprints=fingerprints,
    )
    train, validation, holdout = split_data(dataset, split=case.split.plain(), seed=case.seed)
    models, results = [], []
    for candidate in case.candidates:
        model, result = train_candidate(
            train,
            validation,
            candidate=candidate.plain(),
            tuning=case.tuning.plain(),
            max_false_positive_rate=case.evaluation.max_false_positive_rate,
            seed=case.seed,
            id=f"train_{candidate.name.replace('-', '_')}",
        )
        models.append(model)
        results.append(result)
    judged = case.for_judging().plain()
    evaluation, challenger, report = evaluate_candidates(
        holdout, models, results, card, use_case=judged
    )
    package = package_model(challenger, evaluation, card, use_case=judged)
    run = record_run(package, evaluation, results, card, report, exploration, use_case=judged)
    version = register_model(package, run, evaluation, use_case=judged)
    promote_model(version, package, holdout, use_case=judged)
