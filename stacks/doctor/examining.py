"""Examine a stack: ZenML first, then each component by the checks of its flavour."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.models import StackResponse

from stacks.doctor.components import Examined
from stacks.doctor.findings import Finding, Told
from stacks.doctor.patience import patiently
from stacks.doctor.servers import check_server
from stacks.packages import check_packages
from stacks.readiness import is_remote
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from switchyard.nearest import suggestion

Check = Callable[[Examined], Iterator[Finding]]

_KIND = StackComponentType
_CHECKS = {
    (_KIND.ORCHESTRATOR, "kubernetes"): "orchestrators:check_kubernetes",
    (_KIND.ARTIFACT_STORE, "local"): "artifact_stores:check_store",
    (_KIND.ARTIFACT_STORE, "s3"): "artifact_stores:check_s3",
    (_KIND.ARTIFACT_STORE, "gcp"): "artifact_stores:check_store",
    (_KIND.ARTIFACT_STORE, "azure"): "artifact_stores:check_store",
    (_KIND.EXPERIMENT_TRACKER, "mlflow"): "trackers:check_mlflow",
    (_KIND.CONTAINER_REGISTRY, "default"): "registries:check_registry",
    (_KIND.CONTAINER_REGISTRY, "dockerhub"): "registries:check_registry",
    (_KIND.CONTAINER_REGISTRY, "github"): "registries:check_registry",
    (_KIND.MODEL_DEPLOYER, "switchyard-local"): "services:check_local",
    (_KIND.MODEL_DEPLOYER, "switchyard-kubernetes"): "services:check_kubernetes",
}
"""Loaded when such a component is examined: what they import takes seconds."""

_NOTHING_TO_ASK = {
    (_KIND.ORCHESTRATOR, "local"): "steps run in this process",
    (_KIND.IMAGE_BUILDER, "local"): "nothing to ask: `run.py image build` makes the images",
}


@dataclass(frozen=True)
class Examination:
    """stack: its name; width: of the longest thing examined; findings: as they are made."""

    stack: str
    width: int
    findings: Iterator[Finding]


def examine(name: str | None, case: UseCase) -> Examination:
    """Examine the stack of that name, the active one without; RequestError when there is none."""
    # A server that is ill is to be told of now, not after minutes of patience.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
    stack = _stack(name)
    width = max(len(kind.value) for kind, parts in stack.components.items() if parts)
    return Examination(stack.name, width, _examined(stack, case))


def _stack(name: str | None) -> StackResponse:
    client = Client()
    if name is None:
        return client.active_stack_model
    try:
        return client.get_stack(name, allow_name_prefix_match=False)
    except KeyError as error:
        known = sorted(each.name for each in client.list_stacks(size=100).items)
        raise RequestError(
            f"there is no stack '{name}'; {suggestion(name, known)}there are: {', '.join(known)}"
        ) from error


def _examined(stack: StackResponse, case: UseCase) -> Iterator[Finding]:
    parts = {kind: found[0] for kind, found in stack.components.items() if found}
    remote = is_remote(stack)
    yield from check_server(remote=remote)
    order = list(dict.fromkeys(kind for kind, _ in _CHECKS))
    known = [kind for kind in order if kind in parts]
    for kind in (*known, *(kind for kind in parts if kind not in order)):
        model = parts[kind]
        examined = Examined(kind.value, model.name, model.flavor_name, model, case, remote)
        yield from _component(kind, examined)


def _component(kind: StackComponentType, examined: Examined) -> Iterator[Finding]:
    told = Told(kind.value)
    which = (kind, examined.flavour)
    if which in _NOTHING_TO_ASK:
        yield told.ok(f"'{examined.name}': {_NOTHING_TO_ASK[which]}")
        return
    if which not in _CHECKS:
        yield told.note(f"'{examined.name}' was not looked at: no check knows '{which[1]}'")
        return
    try:
        check_packages(examined.flavour, f"'{examined.name}'")
    except RequestError as error:
        text, _, fix = str(error).rpartition(": ")
        yield told.wrong(text, fix)
        return
    module, _, function = _CHECKS[which].partition(":")
    check: Check = getattr(import_module(f"stacks.doctor.{module}"), function)
    try:
        yield from patiently(told, lambda: check(examined))
    except KeyError as error:  # how ZenML says that a secret is not there
        yield told.wrong(
            f"'{examined.name}': {error.args[0] if error.args else error}",
            "`uv run zenml secret create NAME --KEY=VALUE` keeps one",
        )
