"""A use case's stores are where the active stack's deployer says, in whatever is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from switchyard.configuration.layers import Resolved, resolve
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError

ROOT = Path(__file__).resolve().parents[2]
STACK = """\
name: placing
components:
  orchestrator: {{name: default, flavor: local}}
  artifact_store: {{name: default, flavor: local}}
  experiment_tracker: {{name: mlflow-local, flavor: mlflow}}
  model_deployer:
    name: placing
    flavor: placing
    source: tests.stacks.flavours.PlacingFlavour
    configuration: {{state: "{state}"}}
"""

pytestmark = pytest.mark.usefixtures("zenml_store")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Sets a stack whose deployer says that stores lie there."""
    from zenml.client import Client

    from stacks.apply import apply

    def placing(state: str) -> None:
        path = tmp_path / "placing.yaml"
        path.write_text(STACK.format(state=state), encoding="utf-8")
        apply(path)
        Client().activate_stack("placing")

    yield placing
    Client().activate_stack("local")


@pytest.fixture
def resolved() -> Resolved:
    return resolve(ROOT / "configs" / "wine.yaml")


def test_steps_get_the_stores_that_the_deployer_names(
    place: Callable[[str], None], resolved: Resolved
) -> None:
    from pipelines.starting import settled_case

    place("s3://bucket/state")

    assert settled_case(resolved.use_case).monitoring.store == "s3://bucket/state/wine/monitoring"


@pytest.mark.parametrize("stack", ["default", "local"])
def test_a_stack_that_names_no_stores_leaves_the_use_case_as_it_is(
    stack: str, resolved: Resolved
) -> None:
    from zenml.client import Client

    from stacks.deployers.opening import placed_case

    Client().activate_stack(stack)
    try:
        assert placed_case(resolved.use_case) == resolved.use_case
    finally:
        Client().activate_stack("local")


def train(resolved: Resolved) -> object:
    from pipelines.running import run_training
    from pipelines.starting import Manner

    return run_training(resolved.use_case, Manner(quiet=True), cache=True)


def deploy(resolved: Resolved) -> object:
    from pipelines.deploying import run_deployment
    from pipelines.starting import Manner

    return run_deployment(resolved.use_case, Manner(quiet=True), None)


def infer(resolved: Resolved) -> object:
    from pipelines.inferring import run_inference
    from pipelines.starting import Manner

    case: UseCase = resolved.use_case
    return run_inference(case, Manner(quiet=True), "in.csv", "out.csv", None, 1)


def monitor(resolved: Resolved) -> object:
    from pipelines.monitoring_runs import run_monitoring
    from pipelines.starting import Manner

    return run_monitoring(resolved, Manner(quiet=True), dry_run=False)


def foretell(resolved: Resolved) -> object:
    from pipelines.monitoring_runs import run_monitoring
    from pipelines.starting import Manner

    return run_monitoring(resolved, Manner(quiet=True), dry_run=True)


@pytest.mark.parametrize("run", [train, deploy, infer, monitor, foretell])
def test_every_pipeline_asks_the_deployer_before_any_work(
    run: Callable[[Resolved], object], place: Callable[[str], None], resolved: Resolved
) -> None:
    place("")

    with pytest.raises(RequestError, match="no place for it"):
        run(resolved)
