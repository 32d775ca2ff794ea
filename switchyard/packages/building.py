"""Make the package of a judged model: its manifest and its card from what the run found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.configuration.model import UseCase
from switchyard.data.cards import DataCard
from switchyard.evaluation.results import Evaluation, Judged
from switchyard.packages.cards import model_card
from switchyard.packages.manifest import AnyInput, Band, Details, Labels, Origin, Predicted
from switchyard.packages.writing import Package, write


def build_package(
    folder: Path,
    estimator: Any,
    use_case: UseCase,
    inputs: Mapping[str, AnyInput],
    evaluation: Evaluation,
    data: DataCard,
) -> Package:
    """Write the package of the served candidate as `folder`; errors as of `write`."""
    judged = evaluation.candidate(evaluation.served.name)
    details = Details(
        name=use_case.name,
        candidate=judged.name,
        task=use_case.task,
        inputs=inputs,
        **_answers(judged, use_case, data),
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


def _answers(judged: Judged, use_case: UseCase, data: DataCard) -> dict[str, Any]:
    """What the manifest says of the answers: of two labels, or of a number."""
    if judged.threshold is not None:
        labels = Labels(positive=use_case.labels.positive, negative=use_case.labels.negative)
        return {"labels": labels, "threshold": judged.threshold.value}
    target, found, band = use_case.target, data.target, judged.band
    assert target is not None  # a regression has all of them
    assert found is not None
    assert band is not None
    predicted = Predicted(
        name=target.column,
        lowest=found.minimum or 0.0,
        highest=found.maximum or 0.0,
        minimum=target.minimum,
        maximum=target.maximum,
        unit=target.unit,
    )
    return {
        "predicted": predicted,
        "band": Band(coverage=band.coverage, half_width=band.half_width),
    }
