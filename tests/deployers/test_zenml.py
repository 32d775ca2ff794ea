"""The deployer as a part of a ZenML stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.deployers.local.deployer import LocalDeployer
from switchyard.errors import RequestError
from tests.deployers.places import Place, get, ok


@pytest.fixture
def stack(zenml_store: Path, place: Place) -> Iterator[Any]:
    """The client with a stack active that has our deployer."""
    from zenml.client import Client

    from stacks.apply import apply

    component = {
        "name": "local-service",
        "flavor": "switchyard-local",
        "source": "stacks.deployers.local.flavor.LocalDeployerFlavor",
        "configuration": {"state_dir": str(place.state), "port_search": False},
    }
    parts = {
        "orchestrator": {"name": "default", "flavor": "local"},
        "artifact_store": {"name": "default", "flavor": "local"},
        "model_deployer": {**component, "name": f"deployer-{place.serving.port}"},
    }
    name = f"with-deployer-{place.serving.port}"
    path = place.folder / "stack.yaml"
    path.write_text(yaml.safe_dump({"name": name, "components": parts}), encoding="utf-8")
    apply(path)
    client = Client()
    before = client.active_stack_model.id
    client.activate_stack(name)
    yield client
    client.activate_stack(before)


def run_zenml(*words: str) -> str:
    """What `zenml …` prints."""
    from click.testing import CliRunner
    from zenml.cli.cli import cli
    from zenml.cli.served_model import register_model_deployer_subcommands
    from zenml.console import console

    register_model_deployer_subcommands()
    with console.capture() as captured:
        wide = {"COLUMNS": "300"}
        result = CliRunner(env=wide).invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return f"{result.output}{captured.get()}"


def test_the_active_stack_deploys(stack: Any, place: Place) -> None:
    deployer = stack.active_stack.model_deployer

    deployed = deployer.deploy(place.release("v1"), place.serving, ok)

    assert isinstance(deployer, LocalDeployer)
    assert get(deployed.url)["version"] == "v1"
    assert [each.release for each in deployer.all()] == [deployed.release]


def test_zenml_lists_and_describes_what_runs(stack: Any, place: Place) -> None:
    place.deploy("v1")
    [service] = stack.active_stack.model_deployer.find_model_server(running=True)
    uuid = str(service.uuid)

    assert uuid in run_zenml("model-deployer", "models", "list")
    assert "phishing:v1" in run_zenml("model-deployer", "models", "describe", uuid)
    assert f":{place.serving.port}/predict" in run_zenml(
        "model-deployer", "models", "get-url", uuid
    )
    assert "lifespan.startup" in run_zenml("model-deployer", "models", "logs", uuid, "--raw")
    assert f"deployer-{place.serving.port}" in run_zenml("stack", "describe")


def test_zenml_stops_and_starts(stack: Any, place: Place) -> None:
    url = place.deploy("v1").url
    deployer = stack.active_stack.model_deployer
    [service] = deployer.find_model_server(model_name="phishing")

    run_zenml("model-deployer", "models", "stop", str(service.uuid))
    assert deployer.current("phishing") is None
    assert deployer.find_model_server(running=True) == []

    run_zenml("model-deployer", "models", "start", str(service.uuid))
    assert get(url)["version"] == "v1"


def test_zenml_lists_nothing_where_nothing_runs(stack: Any) -> None:
    assert "No served models found" in run_zenml("model-deployer", "models", "list")


def test_zenml_cannot_deploy_past_the_smoke_test(stack: Any, place: Place) -> None:
    place.deploy("v1")
    deployer = stack.active_stack.model_deployer
    [service] = deployer.find_model_server()

    with pytest.raises(RequestError, match="not deployed untested"):
        deployer.perform_deploy_model(service.uuid, service.config)


def test_an_unknown_setting_of_the_flavour_is_refused(stack: Any) -> None:
    deployer = stack.active_stack.model_deployer

    with pytest.raises(ValueError, match="port_serach"):
        stack.update_stack_component(
            deployer.id, deployer.type, configuration={"port_serach": True}
        )
