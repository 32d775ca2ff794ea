"""The whole examination, as a person and a program see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stacks import packages
from stacks.commands import apply_file, examine_stack
from switchyard.errors import RequestError
from tests.stacks.doctor.examined import case, examined, stack_of
from tests.stacks.servers import free_port

pytestmark = pytest.mark.usefixtures("zenml_store")

KUBERNETES = {"flavor": "kubernetes", "configuration": {"kubernetes_context": "nowhere"}}


def test_the_stack_of_this_machine_is_healthy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wanted = case(port=free_port(), state_dir=str(tmp_path))

    assert examine_stack(None, wanted, as_json=False) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("stack 'local' is healthy")
    assert {line[:6] for line in lines[:-1]} == {"ok    "}
    told = [line.index(line[6:].split()[1], 6 + len(line[6:].split()[0])) for line in lines[:-1]]
    assert len(set(told)) == 1, "the sentences stand in one column"


def test_json_is_one_object(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    place = tmp_path / "a-file"
    place.write_text("no folder")
    component = {"flavor": "local", "configuration": {"path": str(place)}}
    name = stack_of(tmp_path, "ill", artifact_store=component)

    assert examine_stack(name, case(), as_json=True) == 3

    said = json.loads(capsys.readouterr().out)
    assert (said["stack"], said["ok"]) == ("ill", False)
    (wrong,) = [each for each in said["findings"] if each["state"] == "wrong"]
    assert wrong["about"] == "artifact_store"
    assert wrong["fix"]


def test_a_stack_that_there_is_not_is_named_with_the_nearest() -> None:
    with pytest.raises(RequestError, match="no stack 'locl'; did you mean 'local'"):
        examine_stack("locl", case(), as_json=False)


def test_a_database_on_this_machine_is_refused_for_steps_elsewhere(tmp_path: Path) -> None:
    name = stack_of(
        tmp_path,
        "elsewhere",
        orchestrator=KUBERNETES,
        container_registry={"flavor": "default", "configuration": {"uri": "registry.example"}},
        image_builder={"flavor": "local"},
    )

    found = examined(name, "zenml")

    assert [each.state for each in found] == ["ok", "wrong"]
    assert "zenml login" in found[1].fix


def test_a_pipeline_on_such_a_stack_is_refused_before_any_work(tmp_path: Path) -> None:
    from zenml.client import Client

    from pipelines.starting import settled_case

    Client().activate_stack(stack_of(tmp_path, "early", orchestrator=KUBERNETES))
    try:
        with pytest.raises(RequestError, match="zenml login URL"):
            settled_case(case())
    finally:
        Client().activate_stack("local")


def test_a_flavour_without_its_packages_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not imitated for what it does: the package is there, so its absence has to be feigned."""
    name = stack_of(tmp_path, "bare", orchestrator=KUBERNETES)
    monkeypatch.setattr(packages, "find_spec", lambda name: None)

    (found,) = examined(name, "orchestrator")
    assert found.state == "wrong"
    assert found.fix == "uv sync --extra kubernetes"
    with pytest.raises(RequestError, match=r"needs the package 'kubernetes'.*uv sync --extra kub"):
        stack_of(tmp_path, "bare-again", orchestrator=KUBERNETES)


def test_without_a_kubeconfig_the_orchestrator_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    name = stack_of(tmp_path, "no-kubeconfig", orchestrator=KUBERNETES)

    (found,) = examined(name, "orchestrator")

    assert found.state == "wrong"
    assert "KUBECONFIG" in found.fix


def test_applying_a_file_shows_the_values_then_makes_them_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "told.yaml"
    path.write_text(
        "name: told\ncomponents:\n  orchestrator: {name: default, flavor: local}\n"
        f"  artifact_store: {{name: told, flavor: local, configuration: {{path: {tmp_path}}}}}\n"
    )

    assert apply_file(path, dry_run=True) == 0
    foretold = capsys.readouterr().out
    assert apply_file(path, dry_run=False) == 0
    said = capsys.readouterr().out
    assert apply_file(path, dry_run=False) == 0

    assert (
        f"artifact_store 'told' would be registered\n  + flavor: local\n  + path: {tmp_path}\n"
        in (foretold)
    )
    assert said.startswith(foretold)
    assert said.splitlines()[-1] == "2 changes are made; `uv run zenml stack set told` takes it"
    assert capsys.readouterr().out == f"'{path}' is up to date\n"
