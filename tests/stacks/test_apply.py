"""Stacks from YAML, on a real ZenML store."""

from __future__ import annotations

from pathlib import Path

import pytest

from stacks.workspace import LOCAL, open_workspace
from switchyard.errors import RequestError

STACK = """\
name: {name}
components:
  orchestrator: {{name: default, flavor: local}}
  artifact_store: {{name: default, flavor: local}}
  experiment_tracker:
    name: {name}-tracker
    flavor: mlflow
    configuration: {{tracking_uri: "{uri}"}}
"""

pytestmark = pytest.mark.usefixtures("zenml_store")


def write(folder: Path, name: str, uri: str = "sqlite:///one.db") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(STACK.format(name=name, uri=uri), encoding="utf-8")
    return path


def test_the_local_stack_is_set_in_a_fresh_store() -> None:
    from zenml.client import Client

    assert Client().active_stack_model.name == "local"


def test_opening_the_workspace_again_changes_nothing() -> None:
    assert open_workspace() == []


def test_a_stack_that_a_person_set_stays_set() -> None:
    from zenml.client import Client

    Client().activate_stack("default")
    try:
        open_workspace()
        assert Client().active_stack_model.name == "default"
    finally:
        Client().activate_stack("local")


def test_applying_twice_changes_nothing(tmp_path: Path) -> None:
    from stacks.apply import apply

    path = write(tmp_path, "twice")

    assert apply(path) == [
        "experiment_tracker 'twice-tracker' registered",
        "stack 'twice' registered",
    ]
    assert apply(path) == []


def test_a_changed_value_is_updated(tmp_path: Path) -> None:
    from stacks.apply import apply

    apply(write(tmp_path, "changing"))

    assert apply(write(tmp_path, "changing", "sqlite:///two.db")) == [
        "experiment_tracker 'changing-tracker' updated"
    ]


def test_a_changed_component_is_swapped(tmp_path: Path) -> None:
    from stacks.apply import apply

    path = write(tmp_path, "swapped")
    apply(path)
    path.write_text(path.read_text().replace("swapped-tracker", "other-tracker"), encoding="utf-8")

    assert apply(path)[-1] == "stack 'swapped' updated: experiment_tracker → other-tracker"


def test_what_the_flavour_refuses_is_named(tmp_path: Path) -> None:
    from stacks.apply import apply

    message = r"(?s)experiment_tracker 'refused-tracker' of .*exactly one"
    with pytest.raises(RequestError, match=message):
        apply(write(tmp_path, "refused", "http://localhost:1"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\ncomponents: {orchestratr: {name: b, flavor: local}}\n", "orchestratr"),
        ("name: a\n", "components"),
        ("name: [", "is not a stack"),
    ],
)
def test_a_wrong_stack_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    from stacks.apply import apply

    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(RequestError, match=message):
        apply(path)


def test_a_missing_stack_file_names_those_that_exist() -> None:
    from stacks.apply import apply

    with pytest.raises(RequestError, match=r"there are: .*local\.yaml"):
        apply(LOCAL.with_name("locl.yaml"))
