"""Which candidate is to be served: the one the use case names, or the best on validation rows."""

from __future__ import annotations

from collections.abc import Mapping

from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from switchyard.evaluation.metrics import find


def select(use_case: UseCase, validation: Mapping[str, Mapping[str, float]]) -> str:
    """Name the candidate; `validation`: candidate → metric → value on the validation rows.

    'best' takes the promotion metric; a tie goes to the candidate listed first. The holdout has no
    say: it is looked at once, after the choice.
    """
    if use_case.serve != "best":
        return use_case.serve
    metric = find(use_case.promotion.metric, "promotion.metric")
    measured = {
        name: values[metric.name] for name, values in validation.items() if metric.name in values
    }
    if not measured:
        raise RequestError(
            f"serve: best needs '{metric.name}', which the validation rows cannot tell; "
            "name a candidate, or take more rows"
        )
    return max(measured, key=lambda name: metric.gain(measured[name], 0.0))
