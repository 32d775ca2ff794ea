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
from zenml.stack.flavor import Flavor, validate_flavor_source

from switchyard.errors import RequestError
from switchyard.nearest import suggestion

_REQUIRED = (StackComponentType.ORCHESTRATOR, StackComponentType.ARTIFACT_STORE)


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


def apply(path: Path, *, dry_run: bool = False, prune: bool = True) -> list[str]:
    """Register or update the stack in `path`; return one sentence a change, none if up to date.

    dry_run: change nothing, and say what would be changed; prune: take out of the stack what the
    file does not have.
    """
    stack = read(path)
    said = []
    for change in _changes(Client(), stack, path, prune):
        if not dry_run:
            change.make()
        said.append(change.sentence(done=not dry_run))
    return said


def read(path: Path) -> StackFile:
    """The stack that a file describes; RequestError when it describes none."""
    try:
        stack = StackFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        known = ", ".join(sorted(str(p) for p in path.parent.glob("*.yaml"))) or "none"
        raise RequestError(f"stack file '{path}' does not exist; there are: {known}") from error
    except (OSError, ValueError, yaml.YAMLError, ValidationError) as error:
        raise RequestError(f"stack file '{path}' is not a stack: {error}") from error
    missing = [kind.value for kind in _REQUIRED if kind not in stack.components]
    if missing:
        raise RequestError(
            f"stack file '{path}' has no {' and no '.join(missing)}; every stack needs both an "
            "orchestrator and an artifact_store under 'components'"
        )
    return stack


def _changes(client: Client, stack: StackFile, path: Path, prune: bool) -> Iterator[Change]:
    for kind, component in stack.components.items():
        label = f"{kind.value} '{component.name}' of '{path}'"
        _check(client, kind, component, f"{label}: flavour '{component.flavor}' says")
        if component.source:
            yield from _flavour(client, kind, component)
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
    gone = [kind for kind in found if prune and kind not in wanted]
    if differs or gone:
        names = ", ".join(
            [
                *(f"{kind.value} → {name}" for kind, name in differs.items()),
                *(f"{kind.value} → none" for kind in gone),
            ]
        )
        updates: dict[StackComponentType, Any] = {**differs, **{kind: [] for kind in gone}}
        yield Change(
            label,
            "updated",
            names,
            lambda: client.update_stack(stack.name, component_updates=updates),
        )


def _check(client: Client, kind: StackComponentType, component: Component, saying: str) -> None:
    """RequestError for a flavour that there is not, or a configuration that it refuses."""
    accepts = _flavour_of(client, kind, component).config_class
    known = sorted(accepts.model_fields)
    for key in component.configuration:
        if key not in known:
            raise RequestError(
                f"{saying}: unknown configuration key '{key}'; {suggestion(key, known)}"
                f"there are: {', '.join(known)}"
            )
    try:
        accepts(**component.configuration)
    except ValueError as error:
        raise RequestError(f"{saying}: {error}") from error


def _flavour_of(client: Client, kind: StackComponentType, component: Component) -> Flavor:
    """The flavour, which need not be registered yet if it is the project's own."""
    label = f"{kind.value} '{component.name}'"
    if component.source:
        return _own_flavour(kind, component, component.source)
    try:
        return Flavor.from_model(client.get_flavor_by_name_and_type(component.flavor, kind))
    except KeyError as error:
        known = sorted(each.name for each in client.list_flavors(type=kind, size=100).items)
        raise RequestError(
            f"{label}: there is no flavour '{component.flavor}'; "
            f"{suggestion(component.flavor, known)}there are: {', '.join(known)}"
        ) from error
    except ImportError as error:
        raise RequestError(f"{label}: flavour '{component.flavor}' needs {error.name}") from error


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
        yield Change(label, "registered", "", lambda: client.create_flavor(source, kind))
    elif found[0].source != source:
        raise RequestError(
            f"{label} is registered from '{found[0].source}', the file wants '{source}'; "
            f"delete it with `zenml {kind.value.replace('_', '-')} flavor delete "
            f"{component.flavor}`, or rename it in the file"
        )


def _own_flavour(kind: StackComponentType, component: Component, source: str) -> Flavor:
    label = f"{kind.value} '{component.name}': source '{source}'"
    try:
        found: Flavor = validate_flavor_source(source, kind)[1]
    except (ValueError, TypeError) as error:
        raise RequestError(f"{label} is no flavour: {error}") from error
    if found.name != component.flavor:
        raise RequestError(f"{label} is flavour '{found.name}', the file says '{component.flavor}'")
    return found


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
