"""The Kubernetes deployer as a component of a ZenML stack."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, cast

from stacks.deployers.base import BentoDeployer, Smoke
from stacks.deployers.kubernetes.deployments import Deployments
from stacks.deployers.kubernetes.flavor import KubernetesDeployerConfig, KubernetesDeployerFlavor
from stacks.deployers.kubernetes.options import Options
from stacks.deployers.kubernetes.publishing import placed, publish
from stacks.images.contents import reference
from stacks.images.stacked import stack_registry
from switchyard.configuration.model import UseCase
from switchyard.configuration.serving import Serving
from switchyard.serving.releases import Deployment, Release


class KubernetesDeployer(BentoDeployer):
    """Runs Bentos on a cluster; `Deployments` does the work."""

    NAME: ClassVar[str] = "Switchyard (Kubernetes)"
    FLAVOR: ClassVar[type[KubernetesDeployerFlavor]] = KubernetesDeployerFlavor

    @property
    def config(self) -> KubernetesDeployerConfig:
        """The component's configuration."""
        return cast(KubernetesDeployerConfig, self._config)

    @cached_property
    def _options(self) -> Options:
        """The configuration; an image that it leaves out is this code's in the stack's registry."""
        options = Options.model_validate(self.config.model_dump(include={*Options.model_fields}))
        if options.image:
            return options
        return options.model_copy(update={"image": reference("serving", stack_registry())})

    @cached_property
    def _deployments(self) -> Deployments:
        return Deployments(self.config)

    @cached_property
    def _releasing(self) -> Deployments:
        """For what needs an image, and so the stack's registry."""
        return Deployments(self._options)

    def deploy(self, release: Release, serving: Serving, smoke: Smoke) -> Deployment:
        """See `BentoDeployer`."""
        return self._releasing.deploy(release, serving, smoke)

    def rollback(self, name: str, serving: Serving, smoke: Smoke) -> Deployment:
        """See `BentoDeployer`."""
        return self._releasing.rollback(name, serving, smoke)

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

    def counts(self, deployed: Deployment) -> list[str]:
        """See `BentoDeployer`: one text a pod."""
        return self._deployments.counts(deployed.release.name)

    def placed(self, case: UseCase) -> UseCase:
        """See `BentoDeployer`: below `state`."""
        return placed(case, self.config)

    def publish(self, release: Release) -> Release:
        """See `BentoDeployer`: into `state`, and with model_from: image into the registry."""
        return publish(release, self._options)
