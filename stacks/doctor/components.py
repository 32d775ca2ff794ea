"""The components of a stack, as an examination needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zenml.models import ComponentResponse
from zenml.stack import StackComponent

from switchyard.configuration.model import UseCase


@dataclass(frozen=True)
class Examined:
    """A component, and what of its surroundings checks depend on.

    remote: steps run on other machines than this one, so that loopback addresses mislead them.
    """

    kind: str
    name: str
    flavour: str
    model: ComponentResponse
    case: UseCase
    remote: bool = False

    def opened(self) -> Any:
        """The component itself, as runs use it; its secrets come from ZenML."""
        return StackComponent.from_model(self.model)

    def update(self, key: str, value: str) -> str:
        """The command that changes a value of its configuration."""
        return f"zenml {self.kind.replace('_', '-')} update {self.name} --{key}={value}"
