"""What judging has in common, whatever is predicted: all candidates on the same resamples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from switchyard.configuration.model import Evaluation as Settings
from switchyard.errors import RequestError
from switchyard.evaluation.intervals import Measured, bootstrap
from switchyard.evaluation.results import Evaluation, Judged, Served

M = TypeVar("M", bound=Measured)


def compare(
    measures: Mapping[str, Callable[[], M]],
    details: Callable[[str, M], Mapping[str, Any]],
    served: Served,
    settings: Settings,
    seed: int,
    *,
    positives: int | None,
    groups: Any,
) -> Evaluation:
    """The evaluation of all candidates; `served` is what is known of the one to be served.

    measures: candidate → its answers beside the truth, made one after the other; details: what else
    is told of a candidate, by the fields of `Judged`.
    """
    judged = []
    for name, measure in measures.items():
        measured = measure()
        intervals = bootstrap(
            measured,
            resamples=settings.bootstrap,
            confidence=settings.confidence,
            seed=seed,
            groups=groups,
        )
        judged.append(Judged(name=name, metrics=intervals, **details(name, measured)))
    chosen = measures[served.name]()
    return Evaluation(
        rows=chosen.rows,
        positives=positives,
        groups=None if groups is None else int(pd.Series(np.asarray(groups)).nunique()),
        confidence=settings.confidence,
        resamples=settings.bootstrap,
        unmeasured=chosen.unmeasured,
        candidates=tuple(judged),
        served=served,
    )


def require_alike(
    said: Mapping[str, Any], rules: Mapping[str, Any], served: str, what: str, by: str
) -> None:
    """RequestError unless both are of the same candidates, the served one among them."""
    if served not in said or set(said) != set(rules):
        raise RequestError(
            f"{what} are of {sorted(said)}, {by} of {sorted(rules)}: "
            f"both must be of the same candidates, '{served}' among them"
        )
