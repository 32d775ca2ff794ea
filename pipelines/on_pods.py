"""The pipelines as stacks with pods run them: small steps share a pod, large ones have their own.

The wiring is that of the other modules; only how steps are called differs.
"""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from pipelines.calling import DynamicCalls
from pipelines.deployment import deployment_steps, rollback_steps
from pipelines.inference import inference_steps
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


@pipeline(dynamic=True, execution_mode="fail_fast", tags=["deployment"])
def deployment(use_case: dict[str, Any], wanted: int | None = None) -> None:
    """As `pipelines.deployment.deployment`."""
    deployment_steps(wanted, use_case, DynamicCalls(UseCase.of(use_case)))


@pipeline(dynamic=True, execution_mode="fail_fast", tags=["deployment"])
def rollback(use_case: dict[str, Any]) -> None:
    """As `pipelines.deployment.rollback`."""
    rollback_steps(use_case, DynamicCalls(UseCase.of(use_case)))


@pipeline(dynamic=True, execution_mode="fail_fast", tags=["inference"])
def inference(
    use_case: dict[str, Any], source: str, output: str, wanted: int | None, shards: int
) -> None:
    """As `pipelines.inference.inference`."""
    calls = DynamicCalls(UseCase.of(use_case))
    inference_steps(use_case, source, output, wanted, shards, calls)
