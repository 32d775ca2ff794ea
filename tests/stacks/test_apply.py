"""Stacks from YAML, on a real ZenML store."""

from __future__ import annotations

from pathlib import Path

import pytest
from zenml.enums import StackComponentType

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
        "experiment_tracker 'changing-tracker' updated: tracking_uri"
    ]


def test_a_changed_component_is_swapped(tmp_path: Path) -> None:
    from stacks.apply import apply

    path = write(tmp_path, "swapped")
    apply(path)
    path.write_text(path.read_text().replace("swapped-tracker", "other-tracker"), encoding="utf-8")

    assert apply(path)[-1] == "stack 'swapped' updated: experiment_tracker → other-tracker"


def test_a_dry_run_says_what_would_change_and_changes_nothing(tmp_path: Path) -> None:
    from stacks.apply import apply

    path = write(tmp_path, "dry")

    assert apply(path, dry_run=True) == [
        "experiment_tracker 'dry-tracker' would be registered",
        "stack 'dry' would be registered",
    ]
    apply(path)
    changed = apply(write(tmp_path, "dry", "sqlite:///two.db"), dry_run=True)
    assert changed == ["experiment_tracker 'dry-tracker' would be updated: tracking_uri"]
    assert apply(write(tmp_path, "dry")) == []


def test_a_component_added_to_the_file_is_added_to_the_stack(tmp_path: Path) -> None:
    from stacks.apply import apply

    path = write(tmp_path, "growing")
    apply(path)
    path.write_text(path.read_text() + "  model_registry: {name: growing, flavor: mlflow}\n")

    assert apply(path) == [
        "model_registry 'growing' registered",
        "stack 'growing' updated: model_registry → growing",
    ]


DEPLOYER = """\
name: {name}
components:
  orchestrator: {{name: default, flavor: local}}
  artifact_store: {{name: default, flavor: local}}
  model_deployer: {{name: {name}, flavor: {flavour}, source: {source}}}
"""


def write_own(folder: Path, name: str, flavour: str = "nowhere", source: str = "Nowhere") -> Path:
    path = folder / f"{name}.yaml"
    source = f"tests.stacks.flavours.{source}Flavour"
    path.write_text(DEPLOYER.format(name=name, flavour=flavour, source=source), encoding="utf-8")
    return path


def test_a_flavour_of_the_projects_own_is_registered_once(tmp_path: Path) -> None:
    from stacks.apply import apply

    path = write_own(tmp_path, "own")

    assert apply(path) == [
        "model_deployer flavour 'nowhere' registered",
        "model_deployer 'own' registered",
        "stack 'own' registered",
    ]
    assert apply(path) == []


@pytest.mark.parametrize(
    ("flavour", "source", "message"),
    [
        ("other", "Nowhere", "is flavour 'nowhere', the file says 'other'"),
        ("absent", "Absent", "AbsentFlavour' is no flavour"),
        ("elsewhere", "Elsewhere", "is no flavour"),
    ],
)
def test_a_source_that_is_not_the_flavour_is_named(
    tmp_path: Path, flavour: str, source: str, message: str
) -> None:
    from zenml.client import Client

    from stacks.apply import apply

    with pytest.raises(RequestError, match=message):
        apply(write_own(tmp_path, "wrong", flavour, source))

    assert not Client().list_flavors(name=flavour).items


def test_a_flavour_that_is_registered_from_elsewhere_is_named(tmp_path: Path) -> None:
    from stacks.apply import apply

    apply(write_own(tmp_path, "moving-first"))

    with pytest.raises(RequestError, match=r"registered from '.*NowhereFlavour'"):
        apply(write_own(tmp_path, "moving-second", "nowhere", "Moved"))


def test_a_local_stack_from_before_gets_what_the_file_has_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zenml.client import Client

    from stacks import workspace

    later = tmp_path / "later.yaml"
    later.write_text(LOCAL.read_text() + "  model_registry: {name: mlflow-local, flavor: mlflow}\n")
    monkeypatch.setattr(workspace, "LOCAL", later)

    try:
        assert "stack 'local' updated: model_registry → mlflow-local" in open_workspace()
        assert open_workspace() == []
    finally:
        Client().update_stack("local", component_updates={StackComponentType.MODEL_REGISTRY: []})


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


def test_a_component_taken_out_of_the_file_is_taken_out_of_the_stack(tmp_path: Path) -> None:
    from zenml.client import Client

    from stacks.apply import apply

    path = write(tmp_path, "fewer")
    apply(path)
    path.write_text(path.read_text().partition("  experiment_tracker")[0], encoding="utf-8")

    assert apply(path) == ["stack 'fewer' updated: experiment_tracker → none"]
    assert StackComponentType.EXPERIMENT_TRACKER not in Client().get_stack("fewer").components
    assert apply(path) == []


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("flavor: mlflow", "flavor: mlflo", "there is no flavour 'mlflo'; did you mean 'mlflow'?"),
        ("tracking_uri:", "tracking_url:", "flavour 'mlflow' says: .*tracking_url"),
        (
            "  artifact_store: {name: default, flavor: local}\n",
            "",
            "has no artifact_store; every stack needs",
        ),
    ],
    ids=["flavour", "key", "required"],
)
def test_what_cannot_work_is_refused_before_anything_is_changed(
    tmp_path: Path, before: str, after: str, message: str, dry_run: bool
) -> None:
    from zenml.client import Client

    from stacks.apply import apply

    path = write(tmp_path, "wrong")
    path.write_text(path.read_text().replace(before, after), encoding="utf-8")

    with pytest.raises(RequestError, match=message):
        apply(path, dry_run=dry_run)
    with pytest.raises(KeyError):
        Client().get_stack("wrong", allow_name_prefix_match=False)
