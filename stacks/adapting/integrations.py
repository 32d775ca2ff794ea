"""ZenML's integrations, activated when they are needed.

ZenML activates all that are installed when a pipeline is compiled, and again in each pod: it
imports scikit-learn, LightGBM and their like, well over a second, for classes that would write
their objects. Steps here name the materializers of such objects themselves.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

_KNOWN = frozenset(sys.stdlib_module_names) | {"pydantic", "zenml", "steps", "switchyard"}
"""Packages of whose types no integration knows more than ZenML itself."""


def activate_when_needed() -> None:
    """Let ZenML activate its integrations when a type of another library is asked for."""
    from zenml.integrations.registry import integration_registry
    from zenml.materializers.materializer_registry import MaterializerRegistry

    activating = integration_registry.activate_integrations
    if isinstance(getattr(activating, "__self__", None), _Activation):
        return
    activation = _Activation(activating, MaterializerRegistry.__getitem__)
    integration_registry.activate_integrations = activation.postpone
    MaterializerRegistry.__getitem__ = lambda registry, key: activation.asked(registry, key)


class _Activation:
    """ZenML's activation, and its question for a type's materializer."""

    def __init__(self, activate: Any, ask: Any) -> None:
        self._activate, self._ask = activate, ask
        self._due = False
        self._alone = threading.RLock()  # other threads wait for the end of it

    def postpone(self) -> None:
        """In the place of ZenML's activation."""
        self._due = True

    def asked(self, registry: Any, key: Any) -> Any:
        """In the place of ZenML's question."""
        if is_foreign(key):
            with self._alone:
                if self._due:
                    self._due = False
                    self._activate()
        return self._ask(registry, key)


def is_foreign(key: Any) -> bool:
    """Whether a type, or one that it is made from, is a library's."""
    made_from = getattr(key, "__mro__", ())
    return any(each.__module__.partition(".")[0] not in _KNOWN for each in made_from)
