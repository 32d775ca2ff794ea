"""Turn validation errors into sentences that name the key, its value, its origin and the fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from switchyard.configuration.documents import KeyPath, dotted
from switchyard.configuration.model import UseCase
from switchyard.nearest import suggestion


def explain(error: ValidationError, origins: Mapping[KeyPath, str]) -> str:
    """Say every problem of `error`, one a line; `origins` tells where each value came from."""
    lines = [_sentence(problem, origins) for problem in error.errors(include_url=False)]
    return "\n".join(dict.fromkeys(lines))


def _sentence(problem: Any, origins: Mapping[KeyPath, str]) -> str:
    key: KeyPath = problem["loc"]
    origin = next((origins[key[:n]] for n in range(len(key), 0, -1) if key[:n] in origins), None)
    where = f"{origin}: " if origin else ""
    name = dotted(key)
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"{where}unknown key '{name}'; {_hint(str(key[-1]), keys_of(key[:-1]))}"
    if kind == "missing":
        return f"key '{name}' is missing; give it a value"
    if kind == "value_error":
        return f"{where}{problem['msg'].removeprefix('Value error, ')}"
    message = problem["msg"].removeprefix("Input ")
    return f"{where}'{name}' is {problem['input']!r}, but {message}"


def _hint(name: str, known: list[str]) -> str:
    listed = f"the keys here are {', '.join(known)}" if known else "no key is known here"
    meant = suggestion(name, known)
    return f"{meant}({listed})" if meant else listed


def keys_of(path: KeyPath) -> list[str]:
    """List the keys that the section at `path` of a use case knows."""
    model: type[BaseModel] | None = UseCase
    for part in path:
        if isinstance(part, int) or model is None:
            continue
        field = model.model_fields.get(part)
        model = _section(field.annotation) if field else None
    return sorted(model.model_fields) if model else []


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _section(arg))), None)
