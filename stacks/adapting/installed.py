"""What is installed, looked through once a process.

ZenML asks which package a type comes from for each artifact that a step returns, and goes through
all packages each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions


def remember_installed() -> None:
    """Let ZenML look through the installed packages once, in this process."""
    from zenml.utils import source_utils

    source_utils._get_package_for_module = _package_of


@cache
def _packages() -> Mapping[str, list[str]]:
    return packages_distributions()


def _package_of(module_name: str) -> str | None:
    """As ZenML's function of that name: None for a module of no package, or of several."""
    names = _packages().get(module_name.partition(".")[0], [])
    return names[0] if len(names) == 1 else None
