"""Secrets that a stack's components refer to, remembered for a moment.

ZenML asks its server, in two requests, each time that a component looks at a value which stands in
a secret, and for each of a stack's secrets when a run is compiled and when it is started: ten times
in the process that starts it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from time import monotonic
from typing import Any

from zenml.client import Client

REMEMBERED_S = 30.0
"""As long a process may go on with a secret that another one has changed."""

_ASKING = ("get_secret", "get_secret_by_name_and_private_status")
_CHANGING = ("create_secret", "update_secret", "delete_secret")

_originals: dict[str, Callable[..., Any]] = {}
_answers: dict[Any, tuple[float, Any]] = {}


def remember_secrets() -> None:
    """Let ZenML ask for a secret once in 30 s, and again when this process has changed one."""
    if _originals:
        return
    for names, changed in ((_ASKING, _remembering), (_CHANGING, _forgetting)):
        for name in names:
            _originals[name] = getattr(Client, name)
            setattr(Client, name, changed(name))


def _remembering(name: str) -> Callable[..., Any]:
    """What the server does not have is asked for again."""

    @functools.wraps(_originals[name])
    def ask(client: Client, *given: Any, **named: Any) -> Any:
        asked = (client.zen_store.url, name, given, tuple(sorted(named.items())))
        then, answer = _answers.get(asked, (0.0, None))
        if answer is None or monotonic() - then > REMEMBERED_S:
            answer = _originals[name](client, *given, **named)
            _answers[asked] = monotonic(), answer
        return answer

    return ask


def _forgetting(name: str) -> Callable[..., Any]:
    """A change asks by itself which secret is meant."""

    @functools.wraps(_originals[name])
    def change(*given: Any, **named: Any) -> Any:
        _answers.clear()
        try:
            return _originals[name](*given, **named)
        finally:
            _answers.clear()

    return change
