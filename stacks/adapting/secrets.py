"""Secrets that a stack's components refer to, remembered for a moment.

ZenML asks its server, in two requests, each time that a component looks at a value which stands in
a secret: nine times in a process that starts a run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from time import monotonic
from typing import Any, NamedTuple

from zenml.client import Client

REMEMBERED_S = 30.0
"""As long a process may go on with a secret that another one has changed."""

_asking = Client.get_secret_by_name_and_private_status


class _Asked(NamedTuple):
    server: str
    name: str
    private: bool | None
    hydrate: bool


_answers: dict[_Asked, tuple[float, Any]] = {}


def remember_secrets() -> None:
    """Let ZenML ask for a secret once in 30 s, and again when this process has changed one."""
    if Client.get_secret_by_name_and_private_status is _remembered:
        return
    Client.get_secret_by_name_and_private_status = _remembered
    for name in ("create_secret", "update_secret", "delete_secret"):
        setattr(Client, name, _forgetting(getattr(Client, name)))


def _remembered(
    client: Client, name: str, private: bool | None = None, hydrate: bool = True
) -> Any:
    """As ZenML's function of that name. What the server does not have is asked for again."""
    asked = _Asked(client.zen_store.url, name, private, hydrate)
    then, answer = _answers.get(asked, (0.0, None))
    if answer is None or monotonic() - then > REMEMBERED_S:
        answer = _asking(client, name, private, hydrate)
        _answers[asked] = monotonic(), answer
    return answer


def _forgetting(change: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(change)
    def changed(*given: Any, **named: Any) -> Any:
        try:
            return change(*given, **named)
        finally:
            _answers.clear()

    return changed
