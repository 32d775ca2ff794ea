"""The flavour 'switchyard-kubernetes' of a stack's model deployer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zenml.model_deployers.base_model_deployer import (
    BaseModelDeployerConfig,
    BaseModelDeployerFlavor,
)

from stacks.deployers.kubernetes.options import Options

if TYPE_CHECKING:
    from stacks.deployers.kubernetes.deployer import KubernetesDeployer


class KubernetesDeployerConfig(BaseModelDeployerConfig, Options):
    """How a cluster runs services."""

    @property
    def is_local(self) -> bool:
        """It is reached over the network."""
        return False


class KubernetesDeployerFlavor(BaseModelDeployerFlavor):
    """Runs each use case's Bento as a Deployment with what belongs to it."""

    @property
    def name(self) -> str:
        """How stack files name it."""
        return "switchyard-kubernetes"

    @property
    def config_class(self) -> type[KubernetesDeployerConfig]:
        """Its configuration."""
        return KubernetesDeployerConfig

    @property
    def implementation_class(self) -> type[KubernetesDeployer]:
        """The deployer itself."""
        from stacks.deployers.kubernetes.deployer import KubernetesDeployer

        return KubernetesDeployer
