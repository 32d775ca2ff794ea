"""Flavours for stack files of tests."""

from __future__ import annotations

from typing import Any

from zenml.model_deployers.base_model_deployer import (
    BaseModelDeployer,
    BaseModelDeployerConfig,
    BaseModelDeployerFlavor,
)

from stacks.deployers.base import BentoDeployer
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError


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


class PlacingConfig(BaseModelDeployerConfig):  # type: ignore[misc]
    """Where the deployer of tests says that stores lie; '' refuses every use case."""

    state: str = ""


class PlacingDeployer(BentoDeployer):
    """Serves nothing; says where stores lie."""

    NAME = "placing"
    FLAVOR: Any = None

    def placed(self, case: UseCase) -> UseCase:
        if not self.config.state:
            raise RequestError("no place for it")
        store = f"{self.config.state}/{case.name}/monitoring"
        return case.model_copy(
            update={"monitoring": case.monitoring.model_copy(update={"store": store})}
        )

    def _nothing(self, *given: Any, **named: Any) -> Any:
        raise NotImplementedError

    deploy = rollback = start = current = all = stop = logs = _nothing


class PlacingFlavour(BaseModelDeployerFlavor):  # type: ignore[misc]
    """A deployer of this project's kind."""

    @property
    def name(self) -> str:
        return "placing"

    @property
    def config_class(self) -> Any:
        return PlacingConfig

    @property
    def implementation_class(self) -> Any:
        return PlacingDeployer


PlacingDeployer.FLAVOR = PlacingFlavour
