"""Only a stack with a deployer of this project can deploy; the others are told what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.errors import RequestError

pytestmark = pytest.mark.usefixtures("zenml_store")

MLFLOW = """\
name: others
components:
  orchestrator: {name: default, flavor: local}
  artifact_store: {name: default, flavor: local}
  experiment_tracker: {name: mlflow-local, flavor: mlflow}
  model_deployer: {name: others, flavor: mlflow}
"""


def refused_on(stack: str) -> str:
    """What is said when this stack is the active one."""
    from zenml.client import Client

    from stacks.deployers.opening import open_deployer

    Client().activate_stack(stack)
    try:
        with pytest.raises(RequestError) as caught:
            open_deployer()
    finally:
        Client().activate_stack("local")
    return str(caught.value)


def test_a_stack_without_a_deployer_is_refused_with_the_way_to_one() -> None:
    said = refused_on("default")

    assert "'default' has no model deployer" in said
    assert "zenml stack set local" in said


def test_a_deployer_that_cannot_serve_bentos_is_refused(tmp_path: Path) -> None:
    from stacks.apply import apply

    path = tmp_path / "others.yaml"
    path.write_text(MLFLOW, encoding="utf-8")
    apply(path)

    assert "flavour 'mlflow'" in refused_on("others")
