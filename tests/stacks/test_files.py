"""The project's own stack files can be applied, given what docs/stacks.md says they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from stacks.files import read
from stacks.workspace import ROOT
from switchyard.errors import RequestError

FILES = sorted((ROOT / "stacks").glob("*.yaml"))
NEEDED = {
    "SWITCHYARD_KUBE_CONTEXT": "somewhere",
    "SWITCHYARD_REGISTRY": "registry.example/team",
    "AWS_ENDPOINT_URL_S3": "http://store.example:9000",
    "SWITCHYARD_QUEUE": "postgresql://database.example/switchyard",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_named_as_its_stack(path: Path) -> None:
    assert read(path, NEEDED).name == path.stem


@pytest.mark.usefixtures("zenml_store")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_is_accepted_by_the_flavours_that_it_names(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stacks.apply import plan
    from tests.stacks.doctor.examined import secrets

    if path.stem == "kubernetes":
        pytest.importorskip("stacks.deployers.kubernetes")
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    secrets()

    changes = plan(path)

    assert path.stem == "local" or changes[-1].thing == f"stack '{path.stem}'"


def test_what_is_not_needed_is_left_out() -> None:
    few = {name: NEEDED[name] for name in ("SWITCHYARD_KUBE_CONTEXT", "SWITCHYARD_REGISTRY")}

    components = read(ROOT / "stacks" / "kubernetes.yaml", few).components
    configured = {kind.value: each.configuration for kind, each in components.items()}

    assert configured["artifact_store"]["client_kwargs"] == {"region_name": "us-east-1"}
    assert configured["model_deployer"].keys() == {
        "kubernetes_context",
        "kubernetes_namespace",
        "state",
    }


def test_what_the_kubernetes_stack_needs_is_told() -> None:
    with pytest.raises(RequestError, match=r"SWITCHYARD_KUBE_CONTEXT .*SWITCHYARD_REGISTRY"):
        read(ROOT / "stacks" / "kubernetes.yaml", {})
