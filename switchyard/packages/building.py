"""Make the package of a judged model: its manifest and its card from what the run found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from switchyard.configuration.model import UseCase
from switchyard.data.cards import DataCard
from switchyard.evaluation.results import Evaluation
from switchyard.packages.cards import model_card
from switchyard.packages.manifest import Details, Input, Labels, Origin
from switchyard.packages.writing import Package, write


def build_package(
    folder: Path, estimator: Any, use_case: UseCase, evaluation: Evaluation, data: DataCard
) -> Package:
    """Write the package of the served candidate as `folder`; errors as of `write`."""
    judged = evaluation.candidate(evaluation.served.name)
    details = Details(
        name=use_case.name,
        candidate=judged.name,
        task=use_case.task,
        inputs={"url": Input(type="string", max_length=use_case.data.max_url_length)},
        labels=Labels(positive=use_case.labels.positive, negative=use_case.labels.negative),
        threshold=judged.threshold.value,
        metrics=judged.metrics,
        data=Origin(
            digest=data.digest,
            synthetic=data.synthetic,
            rows=data.rows,
            sources=tuple(origin.name for origin in data.origins),
        ),
    )
    optimistic = use_case.split.protocol == "random"
    text = model_card(details, evaluation, use_case.title, optimistic=optimistic)
    return write(folder, estimator, details, text)
