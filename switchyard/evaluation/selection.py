"""Which candidate is to be served: the one the use case names, or the best by other rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from switchyard.configuration.model import UseCase
from switchyard.configuration.tasks import TASKS
from switchyard.errors import RequestError
from switchyard.evaluation.metrics import find


def select(use_case: UseCase, results: Mapping[str, Mapping[str, Any]]) -> str:
    """Name the candidate; results: candidate → what its training found.

    'best' takes the promotion metric on the validation rows; of tables, which are small, the mean
    over the folds that tuned it. A tie goes to the candidate listed first. The holdout has no say:
    it is looked at once, after the choice.
    """
    if use_case.serve != "best":
        return use_case.serve
    kind = TASKS[use_case.task]
    if kind.on_tables:
        return max(results, key=lambda name: float(results[name]["tuning"]["mean"]))
    metric = find(use_case.promotion.metric, "promotion.metric")
    validation = {name: result["validation"] for name, result in results.items()}
    measured = {
        name: values[metric.name] for name, values in validation.items() if metric.name in values
    }
    if not measured:
        raise RequestError(
            f"serve: best needs '{metric.name}', which the validation rows cannot tell; "
            "name a candidate, or take more rows"
        )
    return max(measured, key=lambda name: metric.gain(measured[name], 0.0))
