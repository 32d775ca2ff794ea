"""Training: labelled data → candidates → the one to serve → a registered, perhaps promoted version."""

from __future__ import annotations

from typing import Any

from steps.training import train_candidate
from zenml import pipeline

from steps.data import load_data, split_data
from switchyard.configuration.model import UseCase


@pipeline
def training(use_case: dict[str, Any], fingerprints: list[str]) -> None:
    """Wire the steps; each gets only the part of the configuration that it depends on.

    `fingerprints` identify the content of the sources, so that a changed file is loaded again.
    """
    case = UseCase.model_validate(use_case, strict=False)
    part = case.model_dump(mode="json")
    dataset, card, _, _ = load_data(
        data=part["data"], labels=part["labels"], seed=case.seed, fingerprints=fingerprints
    )
    train, validation, holdout, shares = split_data(dataset, split=part["split"], seed=case.seed)
    trained = [
        train_candidate.with_options(parameters={})(
            train,
            validation,
            candidate=candidate.model_dump(mode="json"),
            tuning=part["tuning"],
            evaluation=part["evaluation"],
            seed=case.seed,
            id=f"train_{candidate.name.replace('-', '_')}",
        )
        for candidate in case.candidates
    ]
