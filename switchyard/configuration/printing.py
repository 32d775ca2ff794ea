"""Print the resolved configuration with the origin of each value, and its JSON schema."""

from __future__ import annotations

import json
from typing import Any

import yaml

from switchyard.configuration.documents import KeyPath
from switchyard.configuration.layers import Resolved
from switchyard.configuration.model import UseCase


def print_config(resolved: Resolved) -> str:
    """Write the configuration as YAML, each value followed by where it came from."""
    rows: list[tuple[str, str]] = []
    _rows(resolved.use_case.model_dump(mode="json"), (), resolved, rows, 0)
    width = min(max((len(text) for text, _ in rows), default=0), 60)
    return "\n".join(f"{text:<{width}}  # {origin}" if origin else text for text, origin in rows)


def _rows(
    value: Any, key: KeyPath, resolved: Resolved, rows: list[tuple[str, str]], depth: int
) -> None:
    indent = "  " * depth
    items: list[tuple[str | int, Any]] = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    )
    for name, item in items:
        path = (*key, name)
        head = f"{indent}- " if isinstance(name, int) else f"{indent}{_scalar(name)}: "
        parts = item if isinstance(item, list) else [item]
        if item and any(isinstance(part, dict) for part in parts):
            rows.append((head.rstrip(), ""))
            _rows(item, path, resolved, rows, depth + 1)
        else:
            rows.append((head + _scalar(item), resolved.origin(path)))


def _scalar(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def json_schema() -> str:
    """Write the JSON schema of a use case, for editors and for `--schema`."""
    return json.dumps(UseCase.model_json_schema(), indent=2)
