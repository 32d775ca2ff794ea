"""The overlays of deploy/platform as kubectl builds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.manifests import OVERLAYS, Overlay, built, copied


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared copy of deploy/platform."""
    return copied(tmp_path_factory.mktemp("deploy") / "platform")


@pytest.fixture(scope="session", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest, platform: Path) -> Overlay:
    """An overlay, built; skips without kubectl, which has kustomize."""
    return Overlay.of(request.param, built(platform / "overlays" / request.param))
