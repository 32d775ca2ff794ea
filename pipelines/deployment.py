"""Deployment: a registered version → a Bento → a smoke-tested service; and the way back."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from pipelines.calling import Call, Calls
from steps.deployment import (
    deploy_service,
    package_service,
    record_deployment,
    resolve_version,
)
from steps.guarding import end_rollback, go_back
from steps.hooks import record_failure, record_success


@pipeline(
    execution_mode="fail_fast",
    tags=["deployment"],
    on_success=record_success,
    on_failure=record_failure,
)
def deployment(use_case: dict[str, Any], wanted: int | None = None) -> None:
    """Deploy the version `wanted`, the champion when it is None."""
    deployment_steps(wanted, use_case)


def deployment_steps(wanted: Any, use_case: dict[str, Any], calls: Call | None = None) -> Any:
    """Wire the steps; returns the output `deployed_version`. calls: how they are called."""
    call = calls or Calls()
    version = call(resolve_version, wanted, use_case)
    release = call(package_service, version, use_case)
    return call(record_deployment, call(deploy_service, release, use_case))


@pipeline(
    execution_mode="fail_fast",
    tags=["deployment"],
    on_success=record_success,
    on_failure=record_failure,
)
def rollback(use_case: dict[str, Any]) -> None:
    """Serve the release before the present one; the alias `champion` follows, last of all."""
    rollback_steps(use_case)


def rollback_steps(use_case: dict[str, Any], calls: Call | None = None) -> None:
    """Wire the steps; calls: how they are called."""
    call = calls or Calls()
    begun, deployed = call(go_back, use_case)
    call(end_rollback, begun, call(record_deployment, deployed), use_case)
