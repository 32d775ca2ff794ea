"""What a stack lacks to run anything from here, found before any work."""

from __future__ import annotations

from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.models import StackResponse

from stacks.packages import check_packages
from switchyard.errors import RequestError

LOCAL = ("local", "local_docker")
"""Orchestrators whose steps run on this machine."""


def check_ready() -> None:
    """RequestError unless the active stack's packages are here and its steps reach ZenML's store.

    What only a question to the components tells is for `run.py stack doctor`.
    """
    client = Client()
    stack = client.active_stack_model
    for kind, parts in stack.components.items():
        for part in parts:
            check_packages(part.flavor_name, f"{kind.value} '{part.name}' of stack '{stack.name}'")
    if is_remote(stack) and client.zen_store.is_local_store():
        raise RequestError(
            f"stack '{stack.name}' runs steps on other machines, which cannot reach ZenML's "
            f"database on this one ({client.zen_store.url}); `zenml login URL` connects to a "
            "server, `zenml stack set local` takes the stack of this machine"
        )


def is_remote(stack: StackResponse) -> bool:
    """Whether a stack's steps run on other machines than this one."""
    found = stack.components.get(StackComponentType.ORCHESTRATOR) or []
    return any(part.flavor_name not in LOCAL for part in found)
