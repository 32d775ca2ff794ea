"""Deployment and roll-back on pods; see the package."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from pipelines.calling import DynamicCalls
from pipelines.deployment import deployment_steps, rollback_steps
from switchyard.configuration.model import UseCase


@pipeline(dynamic=True, execution_mode="fail_fast", tags=["deployment"])
def deployment(use_case: dict[str, Any], wanted: int | None = None) -> None:
    """As `pipelines.deployment.deployment`."""
    deployment_steps(wanted, use_case, DynamicCalls(UseCase.of(use_case)))


@pipeline(dynamic=True, execution_mode="fail_fast", tags=["deployment"])
def rollback(use_case: dict[str, Any]) -> None:
    """As `pipelines.deployment.rollback`."""
    rollback_steps(use_case, DynamicCalls(UseCase.of(use_case)))
