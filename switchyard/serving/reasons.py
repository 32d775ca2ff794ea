"""Why a model says what it says, of rows as requests have them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from switchyard.serving.predictor import Predictor


def explained(predictor: Predictor, columns: dict[str, list[Any]]) -> list[Any]:
    """The explanation of each row; all of them can be scored."""
    explaining: Any = import_module("switchyard.explanations.explaining")
    estimator = predictor.model.estimator
    if not predictor.on_tables:
        return list(explaining.explain(estimator, next(iter(columns.values()))))
    inputs = predictor.manifest.inputs
    return list(explaining.explain_rows(estimator, predictor.coded(columns), inputs))
