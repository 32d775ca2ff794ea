"""The first opening of a ZenML installation is quiet and offline; a person's own is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
OPEN = (
    "from stacks.workspace import open_workspace, set_environment\n"
    "set_environment(verbose=False)\n"
    "open_workspace()\n"
)


HANGS_S = 600.0
"""No process here takes so long, even where others keep the machine busy."""


def opened(folder: Path) -> dict[str, object]:
    """The ZenML configuration after a process has opened the workspace in `folder`."""
    environment = os.environ | {
        "ZENML_CONFIG_PATH": str(folder / "zenml"),
        "ZENML_REPOSITORY_PATH": str(folder),
    }
    environment.pop("ZENML_ANALYTICS_OPT_IN", None)
    subprocess.run(
        [sys.executable, "-c", OPEN], env=environment, cwd=ROOT, check=True, timeout=HANGS_S
    )
    values: dict[str, object] = yaml.safe_load((folder / "zenml" / "config.yaml").read_text())
    return values


def test_an_installation_sends_no_analytics_unless_somebody_chose_that(tmp_path: Path) -> None:
    """One new installation for both: to make it takes longest."""
    assert opened(tmp_path)["analytics_opt_in"] is False

    path = tmp_path / "zenml" / "config.yaml"
    path.write_text(path.read_text().replace("analytics_opt_in: false", "analytics_opt_in: true"))

    assert opened(tmp_path)["analytics_opt_in"] is True


def test_a_store_that_is_gone_is_named_with_the_way_back(tmp_path: Path) -> None:
    environment = os.environ | {
        "ZENML_CONFIG_PATH": str(tmp_path / "zenml"),
        "ZENML_REPOSITORY_PATH": str(tmp_path),
        "ZENML_STORE_URL": "http://127.0.0.1:9",
        "ZENML_STORE_TYPE": "rest",
    }
    command = [sys.executable, str(ROOT / "run.py"), "--pipeline", "training"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HANGS_S)

    assert done.returncode == 3
    assert "zenml logout --local" in done.stderr
    assert "Traceback" not in done.stderr
