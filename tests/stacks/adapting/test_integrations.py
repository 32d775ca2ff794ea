"""Integrations that ZenML activates when a type is asked for that they may know, and only then."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel
from sklearn.linear_model import LogisticRegression

from stacks.adapting.integrations import _Activation, is_foreign
from stacks.workspace import ROOT
from switchyard.serving.releases import Release


class Odd(pd.DataFrame):
    """Made from a library's."""


@pytest.mark.parametrize("key", [int, str, dict, list, object, Release, BaseModel])
def test_own_types_need_none(key: type) -> None:
    assert not is_foreign(key)


@pytest.mark.parametrize("key", [np.ndarray, np.float64, pd.DataFrame, Odd, LogisticRegression])
def test_types_of_libraries_do(key: type) -> None:
    assert is_foreign(key)


def test_activation_comes_once_and_before_the_answer() -> None:
    done: list[str] = []
    activation = _Activation(
        lambda: done.append("activated"), lambda registry, key: done.append(f"{key.__name__}")
    )

    activation.asked(None, np.ndarray)  # nobody has asked for the activation yet
    activation.postpone()
    for key in (int, np.ndarray, pd.DataFrame):
        activation.asked(None, key)

    assert done == ["ndarray", "int", "activated", "ndarray", "DataFrame"]


ANSWERS = """
import numpy, pandas, sklearn.linear_model
from stacks.workspace import set_environment
set_environment(verbose=False)
if {adapted}:
    from stacks.adapting import adapt
    adapt()
    adapt()
from zenml.integrations.registry import integration_registry
from zenml.materializers.materializer_registry import materializer_registry
integration_registry.activate_integrations()
for key in (int, dict, numpy.ndarray, numpy.float64, pandas.DataFrame, pandas.Series,
            sklearn.linear_model.LogisticRegression):
    print(key.__name__, materializer_registry[key].__name__)
"""


def test_the_answers_are_those_of_zenml(run: Callable[[str], str]) -> None:
    theirs = run(ANSWERS.format(adapted=False))

    assert "NumpyMaterializer" in theirs
    assert run(ANSWERS.format(adapted=True)) == theirs


DEPLOYING = """
import sys
from stacks.workspace import set_environment
set_environment(verbose=False)
from stacks.adapting import adapt
adapt()
from zenml.integrations.registry import integration_registry
integration_registry.activate_integrations()
from zenml.utils.source_utils import set_custom_source_root
set_custom_source_root(".")  # else asked of the program's file, of which there is none
import pipelines.deploying
from pipelines.on_pods import twin
twin(pipelines.deploying.deployment)
print({"sklearn", "lightgbm", "pandas"} & {*sys.modules})
"""


def test_to_deploy_imports_nothing_that_trains(run: Callable[[str], str]) -> None:
    assert run(DEPLOYING).strip() == "set()"


@pytest.fixture
def run(tmp_path: object) -> Callable[[str], str]:
    """What a program of its own prints."""

    def of(program: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"ZENML_CONFIG_PATH": str(tmp_path), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return of
