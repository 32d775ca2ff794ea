"""Resolve the layers of the configuration: defaults < file < environment < --set."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from switchyard.configuration.documents import KeyPath, dotted, read
from switchyard.configuration.model import UseCase
from switchyard.configuration.problems import explain
from switchyard.errors import RequestError

PREFIX = "SWITCHYARD__"


@dataclass(frozen=True)
class Resolved:
    """The validated configuration and, for each value given, where it came from."""

    use_case: UseCase
    origins: Mapping[KeyPath, str]

    def origin(self, key: KeyPath) -> str:
        """Where the value at `key` came from; 'default' when no layer gave it."""
        return self.origins.get(key, "default")


def resolve(
    path: Path,
    environment: Mapping[str, str] | None = None,
    assignments: Iterable[str] = (),
    overrides: Iterable[tuple[KeyPath, Any, str]] = (),
) -> Resolved:
    """Merge the layers in `path`, `environment`, `assignments` ('a.b=c') and `overrides`.

    `overrides` are (key, value, origin) that other options of the command line stand for.
    RequestError names the key, its value, its origin and the nearest valid key.
    """
    document = read(path)
    values = copy.deepcopy(document.values)
    origins = {key: f"{path}:{line}" for key, line in document.lines.items()}
    later = [
        *_from_environment(environment or {}),
        *overrides,
        *(_from_assignment(text) for text in assignments),
    ]
    for key, value, origin in later:
        _assign(values, key, value, origin, origins)
    try:
        use_case = UseCase.of(values)
    except ValidationError as error:
        raise RequestError(explain(error, origins)) from error
    return Resolved(use_case, origins)


def overlay(
    values: dict[str, Any], environment: Mapping[str, str], *, section: str
) -> dict[KeyPath, str]:
    """Put the environment's values of one section over `values`; return where each came from."""
    origins: dict[KeyPath, str] = {}
    for key, value, origin in _from_environment(environment):
        if key[0] == section:
            _assign(values, key, value, origin, origins)
    return origins


def _from_environment(environment: Mapping[str, str]) -> list[tuple[KeyPath, Any, str]]:
    return [
        (
            tuple(part.lower() for part in name.removeprefix(PREFIX).split("__")),
            _parse(text, name),
            f"environment {name}",
        )
        for name, text in sorted(environment.items())
        if name.startswith(PREFIX)
    ]


def _from_assignment(text: str) -> tuple[KeyPath, Any, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise RequestError(
            f"--set '{text}' is not of the form key=value, e.g. --set tuning.folds=5"
        )
    return tuple(name.strip().split(".")), _parse(value, f"--set {name}"), f"--set {text}"


def _parse(text: str, name: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RequestError(f"{name}: the value '{text}' is not YAML; quote it") from error


def _assign(
    values: dict[str, Any], key: KeyPath, value: Any, origin: str, origins: dict[KeyPath, str]
) -> None:
    """Put `value` at `key`, making sections on the way; list items by index or by their name."""
    place: Any = values
    path: KeyPath = ()
    for depth, part in enumerate(key):
        last = depth == len(key) - 1
        if isinstance(place, list):
            part = _position(place, part, path, origin)
        elif isinstance(place, dict):
            part = _spelled(place, str(part))
            if not last and part not in place:
                place[part] = {}
                origins[(*path, part)] = origin
        else:
            raise RequestError(
                f"{origin}: '{dotted(path)}' is the value {place!r}, it has no '{part}' below it"
            )
        path = (*path, part)
        if last:
            place[part] = value
        else:
            place = place[part]
    for known in [known for known in origins if known[: len(path)] == path]:
        del origins[known]
    _record(path, value, origin, origins)


def _record(key: KeyPath, value: Any, origin: str, origins: dict[KeyPath, str]) -> None:
    origins[key] = origin
    if isinstance(value, dict | list | tuple):
        for part, item in value.items() if isinstance(value, dict) else enumerate(value):
            _record((*key, part), item, origin, origins)


def _position(items: list[Any], part: str | int, path: KeyPath, origin: str) -> int:
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if part in names:
        return names.index(part)
    if str(part).isdigit() and int(part) < len(items):
        return int(part)
    known = ", ".join(str(name) for name in names if name) or f"0 to {len(items) - 1}"
    raise RequestError(f"{origin}: '{dotted(path)}' has no item '{part}'; it has {known}")


def _spelled(section: dict[str, Any], part: str) -> str:
    """Take a key as the section spells it: environment names lose their case."""
    if part in section:
        return part
    return next((known for known in section if str(known).lower() == part.lower()), part)
