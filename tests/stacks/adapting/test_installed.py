"""ZenML's question of which package a module comes from, answered from memory."""

from __future__ import annotations

from importlib.metadata import packages_distributions

import pytest
from zenml.utils import source_utils

from stacks.adapting import installed
from stacks.adapting.installed import remember_installed


def test_the_answers_are_those_of_zenml() -> None:
    modules = ["numpy.linalg", "yaml", "sklearn", "zenml.client", "switchyard", "no_such_module"]
    several = [name for name, found in packages_distributions().items() if len(found) > 1][:3]
    theirs = {
        name: source_utils._get_package_for_module(module_name=name) for name in modules + several
    }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_utils, "_get_package_for_module", None)
        remember_installed()
        ours = {
            name: source_utils._get_package_for_module(module_name=name)
            for name in modules + several
        }

    assert ours == theirs


def test_the_packages_are_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def look() -> dict[str, list[str]]:
        asked.append(1)
        return {"yaml": ["PyYAML"]}

    monkeypatch.setattr(installed, "packages_distributions", look)
    installed._packages.cache_clear()

    found = [installed._package_of("numpy.linalg"), installed._package_of("yaml")]

    installed._packages.cache_clear()
    assert (found, asked) == ([None, "PyYAML"], [1])
