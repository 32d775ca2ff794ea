"""The deployer as a part of a ZenML stack, as far as no cluster is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.apply import apply
from stacks.deployers.kubernetes.deployer import KubernetesDeployer
from switchyard.configuration.layers import resolve
from switchyard.errors import RequestError
from tests.conftest import ROOT

SETTINGS = {
    "kubernetes_context": "nowhere",
    "state": "s3://models/services",
    "queue": "postgresql://db/jobs",
    "autoscaling": {"min": 2, "max": 5},
    "ingress": {"host": "{name}.example.org", "annotations": {"a/b": "c"}},
    "network": {"ingress_from": [{"podSelector": {}}], "egress_ports": [9000]},
}


def written(folder: Path, **settings: Any) -> Path:
    component = {
        "name": "on-kubernetes",
        "flavor": "switchyard-kubernetes",
        "source": "stacks.deployers.kubernetes.flavor.KubernetesDeployerFlavor",
        "configuration": {**SETTINGS, **settings},
    }
    parts = {
        "orchestrator": {"name": "default", "flavor": "local"},
        "artifact_store": {"name": "default", "flavor": "local"},
        "container_registry": {
            "name": "on-registry",
            "flavor": "default",
            "configuration": {"uri": "registry.example.org:5000"},
        },
        "model_deployer": component,
    }
    path = folder / "stack.yaml"
    path.write_text(
        yaml.safe_dump({"name": "on-kubernetes", "components": parts}), encoding="utf-8"
    )
    return path


@pytest.fixture
def deployer(zenml_store: Path, tmp_path: Path) -> Iterator[KubernetesDeployer]:
    """The one of a stack that is set."""
    from zenml.client import Client

    from stacks.deployers.opening import open_deployer

    apply(written(tmp_path))
    client = Client()
    before = client.active_stack_model.id
    client.activate_stack("on-kubernetes")
    opened = open_deployer()
    assert isinstance(opened, KubernetesDeployer)
    yield opened
    client.activate_stack(before)


def test_applying_a_stack_twice_changes_nothing(
    deployer: KubernetesDeployer, tmp_path: Path
) -> None:
    assert apply(written(tmp_path)) == []
    assert deployer.config.autoscaling.min == 2
    assert deployer.config.network.ingress_from == ({"podSelector": {}},)


def test_a_typo_in_a_section_is_refused(zenml_store: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="minn"):
        apply(written(tmp_path, autoscaling={"minn": 2}))


def test_the_image_is_that_of_this_code_in_the_stacks_registry(
    deployer: KubernetesDeployer,
) -> None:
    from stacks.images.contents import reference

    image = deployer._options.image

    assert image == reference("serving", "registry.example.org:5000")
    assert image.startswith("registry.example.org:5000/switchyard/serving:")


def test_a_use_cases_open_places_are_filled_once(deployer: KubernetesDeployer) -> None:
    case = resolve(ROOT / "configs" / "phishing.yaml").use_case

    placed = deployer.placed(case)

    assert placed.serving.capture.store == "s3://models/services/phishing/capture"
    assert placed.serving.jobs.queue == "postgresql://db/jobs"
    assert placed.monitoring.store == "s3://models/services/phishing/monitoring"
    assert deployer.placed(placed) == placed


def test_an_unknown_context_is_told_by_every_question(deployer: KubernetesDeployer) -> None:
    for ask in (deployer.all, lambda: deployer.current("phishing"), lambda: deployer.stop("x")):
        with pytest.raises(RequestError, match=r"no cluster|'nowhere' is not in the kubeconfig"):
            ask()
