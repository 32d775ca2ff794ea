"""Importing skops without what it trusts by default, and, for most models, without special parts.

Imported as usual, skops.io imports all estimators there are and looks through all modules to list
what it trusts by default, and imports packages for each special part that an estimator may have:
two seconds and 100 MB before a model of 4 MB is read. What we trust is the list in our own code,
which the file was held against already, and most models have no special parts.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

SPECIAL_NODES = frozenset({"LossNode"})
"""Of the nodes that we trust, those that are parts of scikit-learn's own."""

_SPECIAL = ("skops.io._sklearn", "skops.io._quantile_forest")
_DEFAULTS = "skops.io._trusted_types"
_LIGHT = "_switchyard_light"


def skops_for(nodes: frozenset[str]) -> ModuleType:
    """skops.io, able to read a file with these kinds of nodes."""
    special = bool(nodes & SPECIAL_NODES)
    loaded = sys.modules.get("skops.io")
    if loaded is not None and special and hasattr(loaded, _LIGHT):
        for name in [name for name in sys.modules if name.startswith("skops.")]:
            del sys.modules[name]
        loaded = None
    return loaded or _imported(special=special)


def _imported(*, special: bool) -> ModuleType:
    with _standing_in(special=special):
        module = importlib.import_module("skops.io")
    if not special:
        setattr(module, _LIGHT, True)
    return module


class _NothingTrusted(ModuleType):
    """skops' lists of what it trusts by default, all of them empty."""

    def __getattr__(self, name: str) -> list[str]:
        if name.startswith("__"):
            raise AttributeError(name)
        return []


@contextmanager
def _standing_in(*, special: bool) -> Iterator[None]:
    """Inside, skops trusts nothing by default, and without `special` knows of no special parts."""
    stand_ins: dict[str, ModuleType] = {_DEFAULTS: _NothingTrusted(_DEFAULTS)}
    for name in () if special else _SPECIAL:
        stand_ins[name] = ModuleType(name)
        stand_ins[name].NODE_TYPE_MAPPING = {}  # type: ignore[attr-defined]
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            sys.modules.pop(name, None)
