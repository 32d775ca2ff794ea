"""Stack files: their layout, and how one is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from zenml.enums import StackComponentType

from stacks.variables import fill
from switchyard.errors import RequestError

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


def read(path: Path, environment: Mapping[str, str] | None = None) -> StackFile:
    """The stack that a file describes; RequestError when it describes none.

    `${VAR}` in its values comes from `environment`, by default that of this process.
    """
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
        filled = fill(written, os.environ if environment is None else environment)
        _check_variables(path, filled.missing)
        stack = StackFile.model_validate(filled.values)
    except FileNotFoundError as error:
        known = ", ".join(sorted(str(p) for p in path.parent.glob("*.yaml"))) or "none"
        raise RequestError(f"stack file '{path}' does not exist; there are: {known}") from error
    except ValidationError as error:
        # Not pydantic's own text, which shows the values: some came from the environment.
        told = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)
        )
        raise RequestError(f"stack file '{path}' is not a stack: {told}") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise RequestError(f"stack file '{path}' is not a stack: {error}") from error
    missing = [kind.value for kind in _REQUIRED if kind not in stack.components]
    if missing:
        raise RequestError(
            f"stack file '{path}' has no {' and no '.join(missing)}; every stack needs both an "
            "orchestrator and an artifact_store under 'components'"
        )
    return stack


def _check_variables(path: Path, missing: Mapping[str, list[str]]) -> None:
    if not missing:
        return
    needed = ", ".join(f"{name} (for {', '.join(keys)})" for name, keys in missing.items())
    raise RequestError(
        f"stack file '{path}' takes values from variables that are not set: {needed}; set each, as "
        f"by `export {next(iter(missing))}=VALUE`, and apply it again"
    )
