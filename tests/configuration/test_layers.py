"""The layers of the configuration and the errors that a person meets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from switchyard.configuration.layers import resolve
from switchyard.configuration.printing import json_schema, print_config
from switchyard.errors import RequestError

MINIMAL = """\
name: demo
title: A demonstration
serve: fast
candidates:
  - name: fast
    estimator: hashed-ngrams
    search: {epochs: [2, 4]}
tuning:
  folds: 4
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "demo.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    return path


def test_a_later_layer_wins(file: Path) -> None:
    def folds(environment: dict[str, str], assignments: list[str]) -> int:
        return resolve(file, environment, assignments).use_case.tuning.folds

    environment = {"SWITCHYARD__TUNING__FOLDS": "5", "HOME": "/nowhere"}
    assert folds({}, []) == 4
    assert folds(environment, []) == 5
    assert folds(environment, ["tuning.folds=6"]) == 6


def test_each_value_knows_where_it_came_from(file: Path) -> None:
    resolved = resolve(file, {"SWITCHYARD__SEED": "7"}, ["tuning.max_rows=900"])

    text = print_config(resolved)

    tuning = text.partition("\ntuning:")[2].partition("\nevaluation:")[0]
    origins = {
        line.split(":")[0].strip(): line.split("# ")[1]
        for line in (text.partition("\ndata:")[0] + tuning).splitlines()
        if "# " in line
    }
    assert origins["folds"] == f"{file}:9"
    assert origins["seed"] == "environment SWITCHYARD__SEED"
    assert origins["max_rows"] == "--set tuning.max_rows=900"
    assert origins["jobs"] == "default"


def test_what_is_printed_can_be_read_back(file: Path, tmp_path: Path) -> None:
    resolved = resolve(file, {}, ["candidates.fast.parameters.bits=18"])
    again = tmp_path / "again.yaml"
    again.write_text(print_config(resolved), encoding="utf-8")

    assert resolve(again).use_case == resolved.use_case


def test_a_candidate_is_addressed_by_its_name(file: Path) -> None:
    resolved = resolve(file, {}, ["candidates.fast.search.epochs=[1]"])

    assert resolved.use_case.candidates[0].search == {"epochs": (1,)}


def test_the_resolved_configuration_is_frozen(file: Path) -> None:
    use_case = resolve(file).use_case

    with pytest.raises(ValidationError):
        use_case.seed = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("tuning.foldz=3", "unknown key 'tuning.foldz'; did you mean 'folds'"),
        ("tunning.folds=3", "unknown key 'tunning'; did you mean 'tuning'"),
        ("tuning.folds=many", "'tuning.folds' is 'many'"),
        ("tuning.folds=1", "'tuning.folds' is 1, but should be greater than or equal to 2"),
        ("serve=slow", "'slow' is not a candidate; choose one of fast or 'best'"),
        ("candidates.slow.search={}", "'candidates' has no item 'slow'; it has fast"),
        ("seed.x=1", "'seed' is {'x': 1}, but should be a valid integer"),
        ("seed", "not of the form key=value"),
        ("seed=[", "is not YAML"),
    ],
)
def test_a_wrong_assignment_is_named(file: Path, assignment: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        resolve(file, {}, [assignment])

    assert message in str(caught.value)
    assert assignment.split("=")[0] in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("- a\n- b\n", "must be a mapping"),
        ("name: [", "is not YAML"),
        ("name: a\nname: b\n", "is given twice (first on line 1)"),
        (MINIMAL.replace("serve: fast\n", ""), "key 'serve' is missing"),
        (MINIMAL.replace("folds", "foldz"), ":9: unknown key 'tuning.foldz'; did you mean 'folds'"),
        (MINIMAL + "candidates: []\n", "is given twice"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(RequestError) as caught:
        resolve(path)

    assert message in str(caught.value)


def test_a_missing_file_names_those_that_exist(file: Path) -> None:
    with pytest.raises(RequestError, match=r"does not exist; choose one of .*demo\.yaml"):
        resolve(file.with_name("dmeo.yaml"))


def test_an_unknown_environment_key_is_refused(file: Path) -> None:
    with pytest.raises(RequestError, match="environment SWITCHYARD__TUNING__FOLDZ: unknown key"):
        resolve(file, {"SWITCHYARD__TUNING__FOLDZ": "3"})


def test_the_schema_describes_the_sections() -> None:
    schema = json.loads(json_schema())

    assert schema["additionalProperties"] is False
    assert "Tuning" in schema["$defs"]


def test_the_shipped_configurations_are_valid() -> None:
    root = Path(__file__).resolve().parents[2]
    for path in sorted((root / "configs").glob("*.yaml")):
        assert resolve(path).use_case.name == path.stem
