"""Keeping out of a serving process what it has no use for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Absent(MetaPathFinder):
    """Answers for a package as if it were not installed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname == self.name:
            raise ModuleNotFoundError(f"{fullname} is kept out of the service", name=fullname)
        return None


def keep_out(name: str) -> None:
    """Let imports of a package fail from now on, unless it was imported already.

    Arrow loads pandas where it is installed, for its sake alone: 30 MB and half a second. An image
    of the service has none; a service on a laptop then does without it in the same way.
    """
    if name not in sys.modules:
        sys.meta_path.insert(0, _Absent(name))
