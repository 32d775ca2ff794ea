"""Deployments in the shape that ZenML's commands expect: a thin service, made when asked for."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, uuid5

from zenml.enums import ServiceState
from zenml.models.v2.misc.service import ServiceType
from zenml.services.service import BaseDeploymentService, ServiceConfig
from zenml.services.service_status import ServiceStatus

from switchyard.serving.releases import Deployment


class DeploymentConfig(ServiceConfig):
    """The deployment that a service shows."""

    deployment: Deployment


class DeploymentService(BaseDeploymentService):
    """Shows a deployment as it was when it was asked for; the deployer is what acts on it."""

    SERVICE_TYPE: ClassVar[ServiceType] = ServiceType(
        name="bento",
        type="model-serving",
        flavor="switchyard",
        description="A Bento that a deployer of this project keeps running",
    )

    config: DeploymentConfig
    status: ServiceStatus

    @property
    def prediction_url(self) -> str | None:
        """Where predictions are asked for."""
        return f"{self.config.deployment.url}/predict"

    @property
    def healthcheck_url(self) -> str | None:
        """What answers 200 while the service can predict."""
        return f"{self.config.deployment.url}/readyz"

    def check_status(self) -> tuple[ServiceState, str]:
        """The state it had when it was asked for."""
        return _state(self.config.deployment), ""

    def get_logs(self, follow: bool = False, tail: int | None = None) -> Generator[str, bool, None]:
        """Nothing: `get_model_server_logs` of the deployer has them."""
        del follow, tail
        yield from ()

    def facts(self) -> dict[str, str | None]:
        """What a person wants to know of it."""
        deployment = self.config.deployment
        release, previous = deployment.release, deployment.previous
        return {
            "PREDICTION_URL": self.prediction_url,
            "HEALTH_CHECK_URL": self.healthcheck_url,
            "MODEL_NAME": release.name,
            "MODEL_VERSION": release.model_version,
            "BENTO": release.bento,
            "DATA": release.data_digest + (" (synthetic sample)" if release.synthetic else ""),
            "SINCE": deployment.since,
            "PREVIOUS": previous.bento if previous else None,
            "SUPERVISOR_PID": str(deployment.pid) if deployment.pid else None,
            "RESTARTS": str(deployment.restarts),
        }


def service_of(deployment: Deployment) -> DeploymentService:
    """The service that shows `deployment`; its id is always the same for a name."""
    release = deployment.release
    state = _state(deployment)
    details: dict[str, Any] = {
        "uuid": uuid5(NAMESPACE_URL, f"switchyard:{release.name}"),
        "admin_state": ServiceState.INACTIVE if deployment.stopped else ServiceState.ACTIVE,
        "config": DeploymentConfig(
            model_name=release.name, model_version=release.model_version, deployment=deployment
        ),
        "status": ServiceStatus(state=state, last_state=state),
    }
    return DeploymentService(**details)


def _state(deployment: Deployment) -> ServiceState:
    if deployment.stopped:
        return ServiceState.INACTIVE
    return ServiceState.ACTIVE if deployment.healthy else ServiceState.ERROR
