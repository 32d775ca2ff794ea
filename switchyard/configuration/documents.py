"""YAML documents with the line of every value, so that a person can be pointed to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from switchyard.errors import RequestError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A parsed YAML mapping and the line (from 1) on which each of its values stands."""

    path: Path
    values: dict[str, Any]
    lines: dict[KeyPath, int]


def read(path: Path) -> Document:
    """Read the YAML mapping in `path`; RequestError says what is wrong, and on which line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        found = sorted(str(p) for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        hint = f"choose one of {', '.join(found)}" if found else "give the path of a YAML file"
        raise RequestError(f"configuration file '{path}' does not exist; {hint}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"configuration file '{path}' cannot be read: {error}") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise RequestError(f"configuration file '{path}' is not YAML: {error}") from error
    if node is None:
        raise RequestError(f"configuration file '{path}' is empty; see configs/ for an example")
    if not isinstance(node, yaml.MappingNode):
        raise RequestError(f"configuration file '{path}' must be a mapping of keys to values")
    lines: dict[KeyPath, int] = {}
    _walk(node, (), lines, path)
    return Document(path, yaml.safe_load(text), lines)


def _walk(node: yaml.Node, key: KeyPath, lines: dict[KeyPath, int], path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            child = (*key, name.value)
            if child in lines:
                raise RequestError(
                    f"{path}:{name.start_mark.line + 1}: key '{dotted(child)}' is given twice "
                    f"(first on line {lines[child]}); keep one of them"
                )
            lines[child] = name.start_mark.line + 1
            _walk(value, child, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*key, index)] = value.start_mark.line + 1
            _walk(value, (*key, index), lines, path)


def dotted(key: KeyPath) -> str:
    """Write a key path as people do: `candidates.0.search`."""
    return ".".join(str(part) for part in key)
