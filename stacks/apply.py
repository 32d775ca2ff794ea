"""Register the stack that a YAML file describes: idempotent, and it says what changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.stack.flavor import validate_flavor_source

from switchyard.errors import RequestError


class Component(BaseModel):
    """One component of a stack: its name, its ZenML flavour and the flavour's configuration.

    source: the class of a flavour that is this project's own, as 'package.module.Class'.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    flavor: str
    source: str | None = None
    configuration: dict[str, Any] = {}


class StackFile(BaseModel):
    """The layout of a file in stacks/."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    components: dict[StackComponentType, Component]


@dataclass(frozen=True)
class Change:
    """One thing that differs from the file, and how to make it equal."""

    thing: str
    verb: str
    details: str
    make: Callable[[], object]

    def sentence(self, *, done: bool) -> str:
        """What was changed, or what would be."""
        verb = self.verb if done else f"would be {self.verb}"
        return f"{self.thing} {verb}" + (f": {self.details}" if self.details else "")


def apply(path: Path, *, dry_run: bool = False) -> list[str]:
    """Register or update the stack in `path`; return one sentence a change, none if up to date.

    dry_run: change nothing, and say what would be changed.
    """
    stack = read(path)
    said = []
    for change in _changes(Client(), stack, path):
        if not dry_run:
            change.make()
        said.append(change.sentence(done=not dry_run))
    return said


def read(path: Path) -> StackFile:
    """The stack that a file describes; RequestError when it describes none."""
    try:
        return StackFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        known = ", ".join(sorted(str(p) for p in path.parent.glob("*.yaml"))) or "none"
        raise RequestError(f"stack file '{path}' does not exist; there are: {known}") from error
    except (OSError, ValueError, yaml.YAMLError, ValidationError) as error:
        raise RequestError(f"stack file '{path}' is not a stack: {error}") from error


def _changes(client: Client, stack: StackFile, path: Path) -> Iterator[Change]:
    for kind, component in stack.components.items():
        if component.source:
            yield from _flavour(client, kind, component)
        label = f"{kind.value} '{component.name}' of '{path}'"
        for change in _component(client, kind, component):
            yield _refusing(change, f"{label}: flavour '{component.flavor}' says")
    wanted = {kind: component.name for kind, component in stack.components.items()}
    label = f"stack '{stack.name}'"
    try:
        current = client.get_stack(stack.name, allow_name_prefix_match=False)
    except KeyError:
        yield Change(label, "registered", "", lambda: client.create_stack(stack.name, wanted))
        return
    found = {kind: parts[0].name for kind, parts in current.components.items() if parts}
    differs = {kind: name for kind, name in wanted.items() if found.get(kind) != name}
    if differs:
        names = ", ".join(f"{kind.value} → {name}" for kind, name in differs.items())
        updates: dict[StackComponentType, Any] = dict(differs)
        yield Change(
            label,
            "updated",
            names,
            lambda: client.update_stack(stack.name, component_updates=updates),
        )


def _refusing(change: Change, saying: str) -> Change:
    """The same change, whose ValueErrors name the component."""

    def make() -> None:
        try:
            change.make()
        except ValueError as error:
            raise RequestError(f"{saying}: {error}") from error

    return Change(change.thing, change.verb, change.details, make)


def _flavour(client: Client, kind: StackComponentType, component: Component) -> Iterator[Change]:
    source, label = str(component.source), f"{kind.value} flavour '{component.flavor}'"
    found = client.list_flavors(type=kind, name=component.flavor, hydrate=True).items
    if not found:
        yield Change(
            label, "registered", "", lambda: _register_flavour(client, kind, component, source)
        )
    elif found[0].source != source:
        raise RequestError(
            f"{label} is registered from '{found[0].source}', the file wants '{source}'; "
            f"delete it with `zenml {kind.value.replace('_', '-')} flavor delete "
            f"{component.flavor}`, or rename it in the file"
        )


def _register_flavour(
    client: Client, kind: StackComponentType, component: Component, source: str
) -> None:
    label = f"{kind.value} '{component.name}': source '{source}'"
    try:
        _, found = validate_flavor_source(source, kind)
    except (ValueError, TypeError) as error:
        raise RequestError(f"{label} is no flavour: {error}") from error
    if found.name != component.flavor:
        raise RequestError(f"{label} is flavour '{found.name}', the file says '{component.flavor}'")
    client.create_flavor(source, kind)


def _component(client: Client, kind: StackComponentType, component: Component) -> Iterator[Change]:
    label, name = f"{kind.value} '{component.name}'", component.name
    wanted = component.configuration
    try:
        current = client.get_stack_component(kind, name, allow_name_prefix_match=False)
    except KeyError:
        yield Change(
            label,
            "registered",
            "",
            lambda: client.create_stack_component(name, component.flavor, kind, wanted),
        )
        return
    if current.flavor_name != component.flavor:
        raise RequestError(
            f"{label} is registered with flavour '{current.flavor_name}', the file wants "
            f"'{component.flavor}'; rename it in the file, or delete the old one"
        )
    given = current.configuration
    updates = {key: None for key in given if key not in wanted} | {
        key: value for key, value in wanted.items() if given.get(key) != value
    }
    if updates:
        yield Change(
            label,
            "updated",
            ", ".join(sorted(updates)),
            lambda: client.update_stack_component(name, kind, configuration=updates),
        )
