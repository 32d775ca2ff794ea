"""Ends a process in the middle of a step; it is loaded from PYTHONPATH when that begins.

    SIGNAL_AT="SIGKILL module:name[.name] [step]"

The signal goes to the whole process group as soon as that function has done its work and before
anybody knows of it. step: only when it is the method of a ZenML step of this name. Processes that
are started from here do not inherit it.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


class Loader(importlib.abc.Loader):
    """Loads a module as it is, then wraps one of its functions."""

    def __init__(self, real: importlib.abc.Loader, wrap: Callable[[ModuleType], None]) -> None:
        self._real = real
        self._wrap = wrap

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._real.exec_module(module)
        self._wrap(module)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the module that has the function."""

    def __init__(self, signal_number: int, place: str, step: str) -> None:
        self._number = signal_number
        self.module, _, self._name = place.partition(":")
        self._step = step

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader, self.wrap)
        return spec

    def wrap(self, module: ModuleType) -> None:
        *owners, name = self._name.split(".")
        owner: Any = functools.reduce(getattr, owners, module)
        done = getattr(owner, name)

        @functools.wraps(done)
        def end(*arguments: Any, **named: Any) -> Any:
            result = done(*arguments, **named)
            if not self._step or arguments[0].name == self._step:
                os.killpg(0, self._number)
            return result

        setattr(owner, name, end)
        # Where it has been imported already, that is under the same name.
        for user in [*sys.modules.values()]:
            if getattr(user, "__dict__", {}).get(name) is done:
                setattr(user, name, end)


_wanted = os.environ.pop("SIGNAL_AT", "").split()
if _wanted:
    os.environ.pop("PYTHONPATH", None)
    _finder = Finder(signal.Signals[_wanted[0]], _wanted[1], "".join(_wanted[2:3]))
    if (_loaded := sys.modules.get(_finder.module)) is None:
        sys.meta_path.insert(0, _finder)
    else:
        _finder.wrap(_loaded)
