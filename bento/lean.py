"""Keeping out of a process what it has no use for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Absent(MetaPathFinder):
    """Answers for a package as if it were not installed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname == self.name:
            raise ModuleNotFoundError(f"{fullname} is kept out of this process", name=fullname)
        return None


class _Deferred(ModuleType):
    """Stands for a module until something of it is wanted."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        parent, _, child = self.__name__.rpartition(".")
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
            delattr(sys.modules[parent], child)
        return getattr(importlib.import_module(self.__name__), name)


def defer(name: str) -> None:
    """Import a module only when something of it is used, unless it was imported already.

    scikit-learn imports scipy.stats with its base class, and uses it for searches and tests: half a
    second and 40 MB that a model in service has no use for.
    """
    if name not in sys.modules:
        parent, _, child = name.rpartition(".")
        sys.modules[name] = _Deferred(name)
        setattr(importlib.import_module(parent), child, sys.modules[name])


def keep_out(name: str) -> None:
    """Let imports of a package fail from now on, unless it was imported already.

    Arrow loads pandas where it is installed, for its sake alone: 30 MB and half a second. An image
    of the service has none; a service on a laptop then does without it in the same way.
    """
    if name not in sys.modules:
        sys.meta_path.insert(0, _Absent(name))


@contextmanager
def kept_out(name: str) -> Iterator[None]:
    """Let imports of a package fail within the block, unless it was imported already."""
    absent = _Absent(name)
    if name not in sys.modules:
        sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        if absent in sys.meta_path:
            sys.meta_path.remove(absent)


def keep_lean() -> None:
    """Do without what no service has a use for; before anything else is imported."""
    keep_out("pandas")
    defer("scipy.stats")
