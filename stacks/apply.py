"""Register the stack that a YAML file describes: idempotent, and it says what changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.exceptions import ZenMLBaseException

from stacks.changes import Change, compared
from stacks.files import Component, StackFile, read
from stacks.flavours import accepted
from stacks.secrets import shown_values
from switchyard.errors import PlatformError, RequestError


def apply(path: Path, *, dry_run: bool = False, prune: bool = True) -> list[str]:
    """Register or update the stack in `path`; return one sentence a change, none if up to date.

    dry_run: change nothing, and say what would be changed; prune: take out of the stack what the
    file does not have.
    """
    changes = plan(path, prune=prune)
    if not dry_run:
        make(changes)
    return [change.sentence(done=not dry_run) for change in changes]


def plan(path: Path, *, prune: bool = True) -> list[Change]:
    """What differs from the file; RequestError for what cannot be made so, before any change."""
    return list(_changes(Client(), read(path), path, prune))


def make(changes: list[Change]) -> None:
    """Make the changes, in order. The one that fails is named; those before it stay made."""
    for number, change in enumerate(changes):
        done = f"; {number} of {len(changes)} changes are made, the same command goes on"
        try:
            change.make()
        except ValueError as error:
            raise RequestError(f"{change.thing}: {error}{done}") from error
        except (ZenMLBaseException, RuntimeError, OSError, KeyError) as error:
            raise PlatformError(
                f"{change.thing} could not be {change.verb}: {error}{done}"
            ) from error


def _changes(client: Client, stack: StackFile, path: Path, prune: bool) -> Iterator[Change]:
    for kind, component in stack.components.items():
        label = f"{kind.value} '{component.name}' of '{path}'"
        accepts, wanted = accepted(client, kind, component, label)
        if component.source:
            yield from _flavour(client, kind, component, component.source)
        yield from _component(client, kind, component, accepts, wanted)
    yield from _stack(client, stack, prune)


def _flavour(
    client: Client, kind: StackComponentType, component: Component, source: str
) -> Iterator[Change]:
    label = f"{kind.value} flavour '{component.flavor}'"
    found = client.list_flavors(type=kind, name=component.flavor, hydrate=True).items
    if not found:
        lines = (f"+ source: {source}",)
        yield Change(label, "registered", "", lines, lambda: client.create_flavor(source, kind))
    elif found[0].source != source:
        raise RequestError(
            f"{label} is registered from '{found[0].source}', the file wants '{source}'; "
            f"delete it with `zenml {kind.value.replace('_', '-')} flavor delete "
            f"{component.flavor}`, or rename it in the file"
        )


def _component(
    client: Client,
    kind: StackComponentType,
    component: Component,
    accepts: Any,
    wanted: dict[str, Any],
) -> Iterator[Change]:
    label, name = f"{kind.value} '{component.name}'", component.name
    after = shown_values(wanted, accepts)
    try:
        current = client.get_stack_component(kind, name, allow_name_prefix_match=False)
    except KeyError:
        yield Change(
            label,
            "registered",
            "",
            (f"+ flavor: {component.flavor}", *compared({}, after, set(wanted))),
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
            compared(shown_values(given, accepts), after, set(updates)),
            lambda: client.update_stack_component(name, kind, configuration=updates),
        )


def _stack(client: Client, stack: StackFile, prune: bool) -> Iterator[Change]:
    label = f"stack '{stack.name}'"
    wanted = {kind: component.name for kind, component in stack.components.items()}
    try:
        current = client.get_stack(stack.name, allow_name_prefix_match=False)
    except KeyError:
        lines = tuple(f"+ {kind.value}: {name}" for kind, name in wanted.items())
        yield Change(
            label, "registered", "", lines, lambda: client.create_stack(stack.name, wanted)
        )
        return
    found = {kind: parts[0].name for kind, parts in current.components.items() if parts}
    differs = {kind: name for kind, name in wanted.items() if found.get(kind) != name}
    gone = [kind for kind in found if prune and kind not in wanted]
    if not differs and not gone:
        return
    updates: dict[StackComponentType, Any] = {**differs, **{kind: [] for kind in gone}}
    yield Change(
        label,
        "updated",
        ", ".join(f"{kind.value} → {name or 'none'}" for kind, name in updates.items()),
        compared(
            {kind.value: name for kind, name in found.items()},
            {kind.value: name for kind, name in wanted.items()},
            {kind.value for kind in updates},
        ),
        lambda: client.update_stack(stack.name, component_updates=updates),
    )
