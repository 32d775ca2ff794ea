"""MLflow is not imported for a stack that only has it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from stacks.adapting.trackers import PostponedTracker
from tests.conftest import ROOT

MADE = """
import sys
from datetime import datetime
from uuid import uuid4
from stacks.adapting import adapt
adapt()
from zenml.integrations.mlflow.flavors import MLFlowExperimentTrackerFlavor
flavour = MLFlowExperimentTrackerFlavor()

def made(**configuration):
    now = datetime.now()
    return flavour.implementation_class(
        name="mlflow", id=uuid4(), config=flavour.config_class(**configuration), flavor="mlflow",
        type=flavour.type, user=None, created=now, updated=now,
    )
"""


def seen(code: str) -> str:
    """What a new process prints that makes trackers."""
    done = subprocess.run(
        [sys.executable, "-c", MADE + code], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    return (done.stdout + done.stderr).strip()


def test_a_servers_tracker_imports_mlflow_when_it_is_asked() -> None:
    code = """
tracker = made(tracking_uri="http://mlflow:5000", tracking_token="open")
before = (tracker.validator, tracker.local_path, "mlflow" in sys.modules)
print(before, tracker.get_tracking_uri(), "mlflow" in sys.modules)
"""
    assert seen(code).endswith("(None, None, False) http://mlflow:5000 True")


def test_one_of_a_folder_is_zenmls_at_once() -> None:
    code = """
tracker = made()
print(tracker.local_path == tracker._real.local_path != None, tracker.validator is not None)
"""
    assert seen(code).endswith("True True")


def test_a_place_that_mlflow_does_not_know_is_refused_at_once() -> None:
    assert "does not start with one of the valid schemes" in seen('made(tracking_uri="ftp://x")')


@pytest.mark.parametrize(
    "method", ["prepare_step_run", "get_step_run_metadata", "cleanup_step_run", "settings_class"]
)
def test_what_zenmls_tracker_does_for_steps_is_passed_on(method: str) -> None:
    from zenml.integrations.mlflow.experiment_trackers import MLFlowExperimentTracker

    assert method in vars(MLFlowExperimentTracker)
    assert method in vars(PostponedTracker)


def test_nothing_that_zenmls_tracker_changes_is_left_out() -> None:
    from zenml.experiment_trackers.base_experiment_tracker import BaseExperimentTracker
    from zenml.integrations.mlflow.experiment_trackers import MLFlowExperimentTracker

    changed = {
        name
        for name in vars(MLFlowExperimentTracker)
        if hasattr(BaseExperimentTracker, name) and not name.startswith("__")
    }
    assert changed - {"config", "_abc_impl"} <= set(vars(PostponedTracker))
