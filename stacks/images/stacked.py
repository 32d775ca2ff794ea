"""Where the active stack keeps images."""

from __future__ import annotations

from zenml.client import Client
from zenml.enums import StackComponentType

from switchyard.errors import RequestError


def stack_registry() -> str:
    """The `uri` of the active stack's container registry; RequestError when it has none."""
    stack = Client().active_stack_model
    found = stack.components.get(StackComponentType.CONTAINER_REGISTRY)
    uri = str(found[0].configuration.get("uri", "")) if found else ""
    if not uri:
        raise RequestError(
            f"the active stack '{stack.name}' has no container registry to push to; take one that "
            "has, as by `zenml stack set kubernetes`, or keep the image here by --no-push"
        )
    return uri
