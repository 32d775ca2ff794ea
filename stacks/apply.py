"""Register the stack that a YAML file describes: idempotent, and it says what changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from zenml.client import Client
from zenml.enums import StackComponentType

from switchyard.errors import RequestError


class Component(BaseModel):
    """One component of a stack: its name, its ZenML flavour and the flavour's configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    flavor: str
    configuration: dict[str, Any] = {}


class StackFile(BaseModel):
    """The layout of a file in stacks/."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    components: dict[StackComponentType, Component]


def apply(path: Path) -> list[str]:
    """Register or update the stack in `path`; return one sentence a change, none if up to date."""
    stack = _read(path)
    client = Client()
    changes = []
    for kind, component in stack.components.items():
        try:
            change = _apply_component(client, kind, component)
        except ValueError as error:
            label = f"{kind.value} '{component.name}' of '{path}'"
            raise RequestError(f"{label}: flavour '{component.flavor}' says: {error}") from error
        if change:
            changes.append(change)
    wanted = {kind: component.name for kind, component in stack.components.items()}
    try:
        current = client.get_stack(stack.name, allow_name_prefix_match=False)
    except KeyError:
        client.create_stack(stack.name, wanted)
        return [*changes, f"stack '{stack.name}' registered"]
    found = {kind: parts[0].name for kind, parts in current.components.items() if parts}
    differs = {kind: name for kind, name in wanted.items() if found.get(kind) != name}
    if differs:
        client.update_stack(stack.name, component_updates=differs)
        names = ", ".join(f"{kind.value} → {name}" for kind, name in differs.items())
        changes.append(f"stack '{stack.name}' updated: {names}")
    return changes


def _read(path: Path) -> StackFile:
    try:
        return StackFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        known = ", ".join(sorted(str(p) for p in path.parent.glob("*.yaml")))
        raise RequestError(f"stack file '{path}' does not exist; there are: {known}") from error
    except (yaml.YAMLError, ValidationError) as error:
        raise RequestError(f"stack file '{path}' is not a stack: {error}") from error


def _apply_component(client: Client, kind: StackComponentType, component: Component) -> str | None:
    label = f"{kind.value} '{component.name}'"
    try:
        current = client.get_stack_component(kind, component.name, allow_name_prefix_match=False)
    except KeyError:
        client.create_stack_component(
            component.name, component.flavor, kind, component.configuration
        )
        return f"{label} registered"
    if current.flavor_name != component.flavor:
        raise RequestError(
            f"{label} is registered with flavour '{current.flavor_name}', the file wants "
            f"'{component.flavor}'; rename it in the file, or delete the old one"
        )
    stale = {key: None for key in current.configuration if key not in component.configuration}
    if stale or any(
        current.configuration.get(key) != value for key, value in component.configuration.items()
    ):
        client.update_stack_component(
            component.name, kind, configuration={**stale, **component.configuration}
        )
        return f"{label} updated"
    return None
