"""`${VAR}` and `${VAR:-default}` in the values of a stack file, from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_VARIABLE = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})")


class _Nothing:
    """Stands for a value that is left out."""


@dataclass(frozen=True)
class Filled:
    """values: with every variable replaced; missing: name of a variable → the keys that need it."""

    values: Any
    missing: dict[str, list[str]]


def fill(values: Any, environment: Mapping[str, str]) -> Filled:
    """Replace the variables in each text of nested lists and dictionaries, never in a key.

    A variable that is not set, or empty, takes its default. A value that is one variable and comes
    out empty is left out, so that `${VAR:-}` makes a key optional. `$$` is a plain `$`.
    """
    missing: dict[str, list[str]] = {}
    filled = _filled(values, environment, missing, "")
    return Filled({} if isinstance(filled, _Nothing) else filled, missing)


def _filled(
    value: Any, environment: Mapping[str, str], missing: dict[str, list[str]], key: str
) -> Any:
    if isinstance(value, dict):
        inner = {
            name: _filled(each, environment, missing, f"{key}.{name}".lstrip("."))
            for name, each in value.items()
        }
        return {name: each for name, each in inner.items() if not isinstance(each, _Nothing)}
    if isinstance(value, list):
        items = [
            _filled(each, environment, missing, f"{key}[{number}]")
            for number, each in enumerate(value)
        ]
        return [each for each in items if not isinstance(each, _Nothing)]
    if not isinstance(value, str):
        return value

    def replaced(found: re.Match[str]) -> str:
        name, default = found[1], found[2]
        if name is None:
            return "$"
        given = environment.get(name) or default
        if given is None:
            missing.setdefault(name, []).append(key)
        return given or ""

    text = _VARIABLE.sub(replaced, value)
    return _Nothing() if not text and _VARIABLE.fullmatch(value) else text
