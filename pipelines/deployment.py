"""Deployment: a registered version → a Bento → a smoke-tested service; and the way back."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from steps.deployment import (
    deploy_service,
    package_service,
    record_deployment,
    resolve_version,
    roll_back_service,
    set_champion,
)
from steps.hooks import record_failure, record_success


@pipeline(
    execution_mode="fail_fast",
    tags=["deployment"],
    on_success=record_success,
    on_failure=record_failure,
)
def deployment(use_case: dict[str, Any], wanted: int | None = None) -> None:
    """Deploy the version `wanted`, the champion when it is None."""
    version = resolve_version(wanted, use_case)
    release = package_service(version, use_case)
    record_deployment(deploy_service(release, use_case))


@pipeline(
    execution_mode="fail_fast",
    tags=["deployment"],
    on_success=record_success,
    on_failure=record_failure,
)
def rollback(use_case: dict[str, Any]) -> None:
    """Serve the release before the present one; the alias `champion` follows, last of all."""
    version = record_deployment(roll_back_service(use_case))
    set_champion(version, use_case)
