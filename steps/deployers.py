"""The active stack's model deployer, as one of this project's own."""

from __future__ import annotations

from zenml.client import Client
from zenml.enums import StackComponentType

from stacks.deployers.base import BentoDeployer
from switchyard.errors import RequestError


def open_deployer() -> BentoDeployer:
    """The deployer; RequestError, with the way to one, when the stack has none that serves Bentos.

    A stack without one is refused before its components are made.
    """
    client = Client()
    stack = client.active_stack_model
    advice = (
        "`run.py stack apply FILE` adds one that the file names, "
        "`zenml stack set local` takes the stack that has one"
    )
    if not stack.components.get(StackComponentType.MODEL_DEPLOYER):
        raise RequestError(f"the active stack '{stack.name}' has no model deployer; {advice}")
    deployer = client.active_stack.model_deployer
    if not isinstance(deployer, BentoDeployer):
        flavour = getattr(deployer, "flavor", "unknown")
        raise RequestError(
            f"the model deployer of the active stack '{stack.name}' is of flavour '{flavour}', "
            f"which cannot serve this project's Bentos; {advice}"
        )
    return deployer
