"""Inference on pods; see the package."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from pipelines.calling import DynamicCalls
from pipelines.inference import inference_steps
from switchyard.configuration.model import UseCase


@pipeline(dynamic=True, execution_mode="fail_fast", tags=["inference"])
def inference(
    use_case: dict[str, Any], source: str, output: str, wanted: int | None, shards: int
) -> None:
    """As `pipelines.inference.inference`."""
    calls = DynamicCalls(UseCase.of(use_case))
    inference_steps(use_case, source, output, wanted, shards, calls)
