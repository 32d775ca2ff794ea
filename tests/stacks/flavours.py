"""Flavours for stack files of tests."""

from __future__ import annotations

from typing import Any

from zenml.model_deployers.base_model_deployer import (
    BaseModelDeployer,
    BaseModelDeployerConfig,
    BaseModelDeployerFlavor,
)


class NowhereFlavour(BaseModelDeployerFlavor):  # type: ignore[misc]
    """A deployer that cannot be made, only registered."""

    @property
    def name(self) -> str:
        return "nowhere"

    @property
    def config_class(self) -> Any:
        return BaseModelDeployerConfig

    @property
    def implementation_class(self) -> Any:
        return BaseModelDeployer


class MovedFlavour(NowhereFlavour):
    """The same flavour in another place."""


class ElsewhereFlavour:
    """No flavour at all."""
