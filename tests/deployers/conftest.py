"""A deployer of quick services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployers.places import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Where a test deploys; what it leaves running is ended."""
    found = Place(tmp_path)
    yield found
    found.end()
