"""The local deployer as a component of a ZenML stack."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, cast

from stacks.deployers.base import BentoDeployer, Smoke
from stacks.deployers.local.deployments import Deployments
from stacks.deployers.local.flavor import LocalDeployerConfig, LocalDeployerFlavor
from switchyard.configuration.serving import Serving
from switchyard.serving.releases import Deployment, Release


class LocalDeployer(BentoDeployer):
    """Runs Bentos as supervised background processes; `Deployments` does the work."""

    NAME: ClassVar[str] = "Switchyard (local)"
    FLAVOR: ClassVar[type[LocalDeployerFlavor]] = LocalDeployerFlavor

    @property
    def config(self) -> LocalDeployerConfig:
        """The component's configuration."""
        return cast(LocalDeployerConfig, self._config)

    @cached_property
    def _deployments(self) -> Deployments:
        return Deployments(self.config)

    def deploy(self, release: Release, serving: Serving, smoke: Smoke) -> Deployment:
        """See `BentoDeployer`."""
        return self._deployments.deploy(release, serving, smoke)

    def rollback(self, name: str, serving: Serving, smoke: Smoke) -> Deployment:
        """See `BentoDeployer`."""
        return self._deployments.rollback(name, serving, smoke)

    def start(self, name: str) -> Deployment:
        """See `BentoDeployer`."""
        return self._deployments.start(name)

    def current(self, name: str) -> Deployment | None:
        """See `BentoDeployer`."""
        return self._deployments.current(name)

    def all(self, *, stopped: bool = False) -> list[Deployment]:
        """See `BentoDeployer`."""
        return self._deployments.all(stopped=stopped)

    def stop(self, name: str) -> bool:
        """See `BentoDeployer`."""
        return self._deployments.stop(name)

    def logs(self, name: str, lines: int = 100) -> str:
        """See `BentoDeployer`."""
        return self._deployments.logs(name, lines)
