"""How the active stack runs a pipeline: in this process, or in pods with an image and resources.

Pipelines know nothing of it: `options` goes with a pipeline that is started, `of_step` with a step.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from zenml.client import Client
from zenml.enums import StackComponentType, StepRuntime

from stacks.images.making import ensure
from stacks.images.stacked import stack_registry
from stacks.pods import of_pipeline, of_steps_pod
from stacks.registries.client import digest_of
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError

KUBERNETES = "kubernetes"
DEPLOYER = "switchyard-kubernetes"
TOLD_TO_GO = 143
"""The exit code of what SIGTERM ends."""


def has_pods() -> bool:
    """Whether the active stack's orchestrator runs pipelines in pods."""
    found = Client().active_stack_model.components.get(StackComponentType.ORCHESTRATOR)
    return bool(found) and found[0].flavor_name == KUBERNETES


def store_of_pods() -> str | None:
    """The artifact store's location where steps run in pods; None where they run here."""
    if not has_pods():
        return None
    found = Client().active_stack_model.components[StackComponentType.ARTIFACT_STORE][0]
    return str(found.configuration["path"])


def options(
    case: UseCase,
    tell: Callable[[str], object],
    *,
    image: str | None = None,
    deploys: bool = False,
    builds: bool = False,
    further: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What `with_options` of a pipeline takes on the active stack; nothing without pods.

    tell: gets the lines of a build, should the registry lack an image of today's code; image: a
    prebuilt one instead; deploys: whether its small steps deploy, for which their pod needs rights;
    builds: whether they begin with building a Bento; further: settings of the orchestrator.
    RequestError when the image is not in its registry; PlatformError when none can be made.
    """
    if not has_pods():
        if image:
            stack = Client().active_stack_model.name
            raise RequestError(f"--image: stack '{stack}' runs no pods; leave it out")
        return {}
    if deploys:
        _make_serving(tell)
    return {
        "settings": {
            "docker": {
                "parent_image": _present(image) if image else _made(tell),
                "skip_build": True,
                # The code is in the image: what runs is what was built.
                "allow_download_from_artifact_store": False,
                "allow_download_from_code_repository": False,
            },
            "orchestrator": of_pipeline(_configured(), case, deploys=deploys, builds=builds)
            | dict(further or {}),
        }
    }


def of_step(case: UseCase, name: str) -> dict[str, Any]:
    """What `with_options` of a step takes on the active stack: a pod of its own, or nothing.

    name: of the step as `resources.steps` names it.
    """
    pod = {str(step): pod for step, pod in case.resources.steps.items()}.get(name)
    if pod is None or not has_pods():
        return {}
    return {
        "runtime": StepRuntime.ISOLATED,
        "settings": {"orchestrator": of_steps_pod(_configured(), case, pod)},
    }


def leave_when_told() -> None:
    """End this process at once on SIGTERM, where it is a pod that another one is to go on from.

    An error would pass through the pipeline and end the run, as a failure of what it was doing.
    """
    if has_pods():
        signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    del number, frame
    os._exit(TOLD_TO_GO)


def _configured() -> Mapping[str, Any]:
    """The configuration of the orchestrator's component, as the stack's file has it."""
    configured: Mapping[str, Any] = (
        Client().active_stack_model.components[StackComponentType.ORCHESTRATOR][0].configuration
    )
    return configured


def _made(tell: Callable[[str], object]) -> str:
    return ensure("steps", stack_registry(), tell)


def _make_serving(tell: Callable[[str], object]) -> None:
    """Make what services run in, unless the stack's deployer is told of another image."""
    found = Client().active_stack_model.components.get(StackComponentType.MODEL_DEPLOYER) or []
    if any(each.flavor_name == DEPLOYER and not each.configuration.get("image") for each in found):
        ensure("serving", stack_registry(), tell)


def _present(image: str) -> str:
    if digest_of(image) is None:
        raise RequestError(
            f"--image: '{image}' is not in its registry; `run.py image build steps` makes one and "
            "prints its name"
        )
    return image
