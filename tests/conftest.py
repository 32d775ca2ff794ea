"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data sets: SWITCHYARD_DATA_DIR, else ../shared/data; or skip."""
    folder = Path(os.environ.get("SWITCHYARD_DATA_DIR", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data sets are not at {folder}; set SWITCHYARD_DATA_DIR")
    return folder


@pytest.fixture(scope="session")
def zenml_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ZenML store of this test process's own, opened as run.py opens it."""
    folder = tmp_path_factory.mktemp("zenml")
    os.environ["ZENML_CONFIG_PATH"] = str(folder / "config")
    os.environ["ZENML_REPOSITORY_PATH"] = str(folder)

    from stacks.workspace import open_workspace, set_environment

    set_environment(verbose=False)
    open_workspace()
    return folder
