"""Training on pods; see the package."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from pipelines.calling import DynamicCalls
from pipelines.training import training_steps
from steps.data import load_data
from steps.fingerprints import RETRY, is_remote
from switchyard.configuration.model import UseCase


@pipeline(dynamic=True, execution_mode="fail_fast", tags=["training"])
def training(use_case: dict[str, Any], fingerprints: list[str]) -> None:
    """As `pipelines.training.training`."""
    case = UseCase.of(use_case)
    remote = any(is_remote(source) for source in (*case.data.sources, *case.data.feedback))
    calls = DynamicCalls(case, {load_data: RETRY} if remote else None)
    training_steps(case, fingerprints, calls)
