"""A use case, and a Bento built from a real package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bento.building.releases import build_release
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import UseCase
from switchyard.serving.releases import Release
from tests.conftest import ROOT, Packages


@pytest.fixture(scope="session")
def use_case() -> UseCase:
    return resolve(ROOT / "configs" / "phishing.yaml").use_case


@dataclass(frozen=True)
class Built:
    """A release, the folder it was staged in, and the Bento's own folder."""

    release: Release
    staged: Path
    home: Path

    @property
    def bento(self) -> Path:
        return Path(self.release.folder).parent


@pytest.fixture(scope="session")
def built(
    tmp_path_factory: pytest.TempPathFactory, packages: Packages, use_case: UseCase
) -> Iterator[Built]:
    """Version 3 of the use case, built into a store of its own."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENTOML_HOME", str(folder / "bentoml"))
        release = build_release(3, packages.of(), use_case, folder / "staged")
        yield Built(release, folder / "staged", folder / "bentoml")
