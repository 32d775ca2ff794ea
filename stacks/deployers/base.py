"""What every deployer of this project can do, and how ZenML's own commands reach it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import Any
from uuid import UUID

from zenml.model_deployers.base_model_deployer import BaseModelDeployer

from stacks.deployers.services import DeploymentService, service_of
from switchyard.configuration.serving import Serving
from switchyard.errors import RequestError
from switchyard.guarding.counting import asked
from switchyard.serving.releases import Deployment, Release

__all__ = ["BentoDeployer", "Deployment", "Release", "Smoke"]

Smoke = Callable[[str], None]
"""Tries a service at a base URL; GateRefused when it does not do what it should."""


class BentoDeployer(BaseModelDeployer, ABC):
    """Runs Bentos, one deployment a use case. Errors are SwitchyardErrors."""

    @abstractmethod
    def deploy(self, release: Release, serving: Serving, smoke: Smoke) -> Deployment:
        """Replace what runs under the release's name, without a request lost.

        `smoke` is called with the candidate's private URL before any traffic reaches it. When it
        raises, the candidate is discarded, the old release stays, and its error is raised again.
        """

    @abstractmethod
    def rollback(self, name: str, serving: Serving, smoke: Smoke) -> Deployment:
        """Deploy the release before the current one, tested the same way; RequestError if none."""

    @abstractmethod
    def start(self, name: str) -> Deployment:
        """Start what was stopped or died with the machine; what runs is left as it is."""

    @abstractmethod
    def current(self, name: str) -> Deployment | None:
        """What should run under a name, and whether it does; None: never deployed, or stopped."""

    @abstractmethod
    def all(self, *, stopped: bool = False) -> list[Deployment]:
        """Every deployment, by name. stopped: those that a person ended, too."""

    @abstractmethod
    def stop(self, name: str) -> bool:
        """End a deployment; False when nothing ran."""

    @abstractmethod
    def logs(self, name: str, lines: int = 100) -> str:
        """The last lines of its log."""

    def counts(self, deployed: Deployment) -> list[str]:
        """The texts of /metrics of all that answers for a release, one a replica.

        A flavour with several replicas asks each by itself; what cannot be asked is left out and
        told in the log. PlatformError when nothing answers.
        """
        return asked(deployed)

    # What follows is what `zenml model-deployer models …` calls.

    def find_model_server(
        self,
        config: dict[str, Any] | None = None,
        running: bool | None = None,
        service_uuid: UUID | None = None,
        service_name: str | None = None,
        model_name: str | None = None,
        model_version: str | None = None,
        **others: Any,
    ) -> list[DeploymentService]:
        """The deployments that fit, as ZenML's services. They belong to no pipeline run."""
        del config
        if any(others.get(key) for key in ("pipeline_name", "pipeline_run_id")):
            return []
        return [
            service
            for service in map(service_of, self.all(stopped=True))
            if service_uuid in (None, service.uuid)
            and service_name in (None, service.config.service_name)
            and model_name in (None, service.config.model_name)
            and model_version in (None, service.config.model_version)
            and not (running and not service.is_running)
        ]

    @staticmethod
    def get_model_server_info(service: DeploymentService) -> dict[str, str | None]:
        """What `zenml model-deployer models describe` shows."""
        return service.facts()

    def get_model_server_logs(
        self, uuid: UUID, follow: bool = False, tail: int | None = None
    ) -> Generator[str, bool, None]:
        """The log's last lines; they are not followed."""
        del follow
        yield from self.logs(self._named(uuid), tail or 100).splitlines()

    def start_model_server(self, uuid: UUID, timeout: int = 0) -> None:
        """As `start`."""
        del timeout
        self.start(self._named(uuid))

    def stop_model_server(self, uuid: UUID, timeout: int = 0, force: bool = False) -> None:
        """As `stop`."""
        del timeout, force
        self.stop(self._named(uuid))

    def delete_model_server(self, uuid: UUID, timeout: int = 0, force: bool = False) -> None:
        """As `stop`: what was deployed stays on record, so that it can be gone back to."""
        self.stop_model_server(uuid, timeout, force)

    def perform_deploy_model(self, id: UUID, config: Any, timeout: int = 0) -> DeploymentService:
        """Refused: a release goes through the gate of a smoke test."""
        del id, timeout
        raise RequestError(
            f"'{config.model_name}' is not deployed untested; use "
            "`uv run run.py --pipeline deployment`"
        )

    def perform_start_model(
        self, service: DeploymentService, timeout: int = 0
    ) -> DeploymentService:
        """As `start`."""
        del timeout
        return service_of(self.start(service.config.model_name))

    def perform_stop_model(
        self, service: DeploymentService, timeout: int = 0, force: bool = False
    ) -> DeploymentService:
        """As `stop`."""
        self.stop_model_server(service.uuid, timeout, force)
        return self.find_model_server(service_uuid=service.uuid)[0]

    def perform_delete_model(
        self, service: DeploymentService, timeout: int = 0, force: bool = False
    ) -> None:
        """As `stop`."""
        self.delete_model_server(service.uuid, timeout, force)

    def _named(self, uuid: UUID) -> str:
        services = self.find_model_server(service_uuid=uuid)
        if not services:
            known = ", ".join(str(each.uuid) for each in self.find_model_server()) or "none"
            raise RequestError(f"no deployment has the id '{uuid}'; there are: {known}")
        return str(services[0].config.model_name)
