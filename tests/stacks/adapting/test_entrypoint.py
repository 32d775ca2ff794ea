"""The command of pods."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest
from zenml.entrypoints import entrypoint as zenmls
from zenml.pipelines.dynamic.entrypoint_configuration import DynamicPipelineEntrypointConfiguration

from bento.building import assemblers
from stacks import adapting
from stacks.adapting.entrypoint import BUILDS, COMMAND, main, start_pods_adapted
from stacks.workspace import ROOT


def test_pods_are_started_by_a_command_that_there_is() -> None:
    start_pods_adapted()

    assert DynamicPipelineEntrypointConfiguration.get_entrypoint_command() == COMMAND
    done = subprocess.run(
        [sys.executable, *COMMAND[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--entrypoint_config_source" in done.stderr


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    """Garbage is collected as before, after a test."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_zenml_is_changed_before_it_runs_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(adapting, "adapt", lambda: done.append("changed"))
    monkeypatch.setattr(zenmls, "main", lambda: done.append("run"))

    main()

    assert done == ["changed", "run"]


@pytest.mark.parametrize("told", ["yes", ""])
def test_a_pod_that_builds_begins_with_what_takes_its_time(
    monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    done: list[str] = []
    monkeypatch.setenv(BUILDS, told)
    monkeypatch.setattr(assemblers, "begin", lambda: done.append("begun"))
    monkeypatch.setattr(zenmls, "main", lambda: done.append("run"))

    main()

    assert done == (["begun", "run"] if told else ["run"])


BUILDING = """
import sys
from bento.building import assemblers
from stacks.adapting.entrypoint import begin_building
assemblers.begin = lambda: None
begin_building()
print("mlflow" in sys.modules, "pandas" in sys.modules)
import mlflow, pandas
print(mlflow.MlflowClient("http://mlflow:5000").tracking_uri, pandas.DataFrame({"a": [1]}).shape)
"""


def test_a_pod_that_builds_has_mlflow_without_pandas_which_others_may_import() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BUILDING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "False", "http://mlflow:5000", "(1,", "1)"]
