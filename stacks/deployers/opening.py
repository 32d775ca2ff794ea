"""The active stack's model deployer, as one of this project's own."""

from __future__ import annotations

from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.models import ComponentResponse
from zenml.stack import StackComponent

from stacks.deployers.base import BentoDeployer
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError

ADVICE = (
    "`run.py stack apply FILE` adds one that the file names, "
    "`zenml stack set local` takes the stack that has one"
)


def open_deployer() -> BentoDeployer:
    """The deployer; RequestError, with the way to one, when the stack has none that serves Bentos.

    The stack's other components are left alone: what they import takes seconds.
    """
    stack = Client().active_stack_model
    found = stack.components.get(StackComponentType.MODEL_DEPLOYER)
    if not found:
        raise RequestError(f"the active stack '{stack.name}' has no model deployer; {ADVICE}")
    deployer = _opened(found[0])
    if deployer is None:
        raise RequestError(
            f"the model deployer of the active stack '{stack.name}' is of flavour "
            f"'{found[0].flavor_name}', which cannot serve this project's Bentos; {ADVICE}"
        )
    return deployer


def placed_case(case: UseCase) -> UseCase:
    """The use case with its stores where the active stack's services keep them.

    As it is on a stack that serves no Bentos: nothing is captured there.
    """
    found = Client().active_stack_model.components.get(StackComponentType.MODEL_DEPLOYER)
    deployer = _opened(found[0]) if found else None
    return case if deployer is None else deployer.placed(case)


def _opened(component: ComponentResponse) -> BentoDeployer | None:
    """The deployer that a component describes; None when it is not one of ours."""
    deployer = StackComponent.from_model(component)
    return deployer if isinstance(deployer, BentoDeployer) else None
