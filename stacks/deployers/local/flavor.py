"""The flavour 'switchyard-local' of a stack's model deployer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zenml.model_deployers.base_model_deployer import (
    BaseModelDeployerConfig,
    BaseModelDeployerFlavor,
)

from stacks.deployers.local.options import Options

if TYPE_CHECKING:
    from stacks.deployers.local.deployer import LocalDeployer


class LocalDeployerConfig(BaseModelDeployerConfig, Options):
    """How this machine runs services; each value has a default."""

    @property
    def is_local(self) -> bool:
        """It runs on this machine."""
        return True


class LocalDeployerFlavor(BaseModelDeployerFlavor):
    """Runs each use case's Bento as a supervised background process on this machine."""

    @property
    def name(self) -> str:
        """How stack files name it."""
        return "switchyard-local"

    @property
    def config_class(self) -> type[LocalDeployerConfig]:
        """Its configuration."""
        return LocalDeployerConfig

    @property
    def implementation_class(self) -> type[LocalDeployer]:
        """The deployer itself."""
        from stacks.deployers.local.deployer import LocalDeployer

        return LocalDeployer
