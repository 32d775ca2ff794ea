"""`${VAR}` in stack files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.files import read
from stacks.variables import fill
from switchyard.errors import RequestError

ENVIRONMENT = {"HOST": "store.example", "PORT": "9000", "EMPTY": ""}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("${HOST}", "store.example"),
        ("http://${HOST}:${PORT}/x", "http://store.example:9000/x"),
        ("${ABSENT:-other}", "other"),
        ("${EMPTY:-other}", "other"),
        ("${HOST:-other}", "store.example"),
        ("a${ABSENT:-}b", "ab"),
        ("$$HOST and $${HOST}", "$HOST and ${HOST}"),
        ("$HOST {{secret.key}}", "$HOST {{secret.key}}"),
        (["${PORT}", {"inner": "${HOST}"}], ["9000", {"inner": "store.example"}]),
        (7, 7),
    ],
)
def test_variables_are_replaced_in_values(written: Any, meant: Any) -> None:
    assert fill({"key": written}, ENVIRONMENT).values == {"key": meant}


def test_a_value_that_is_one_empty_variable_is_left_out() -> None:
    written = {"a": "${ABSENT:-}", "b": {"c": "${EMPTY:-}", "d": 1}, "e": ["${ABSENT:-}", "x"]}

    assert fill(written, ENVIRONMENT).values == {"b": {"d": 1}, "e": ["x"]}


def test_a_value_is_never_read_again() -> None:
    sneaky = {"A": "${HOST}\nname: other", "HOST": "x"}

    assert fill({"key": "${A}"}, sneaky).values == {"key": "${HOST}\nname: other"}


@given(st.text())
def test_text_without_a_dollar_stays(text: str) -> None:
    plain = text.replace("$", "")

    assert fill({"key": plain}, {}).values == {"key": plain}


def test_all_missing_variables_are_named_with_what_needs_them(tmp_path: Path) -> None:
    path = tmp_path / "needy.yaml"
    path.write_text(
        "name: needy\n"
        "components:\n"
        "  orchestrator: {name: default, flavor: local}\n"
        '  artifact_store: {name: "${STORE}", flavor: local, configuration: {path: "${PLACE}/x"}}\n'
    )

    with pytest.raises(RequestError) as caught:
        read(path, {})

    assert "STORE (for components.artifact_store.name)" in str(caught.value)
    assert "PLACE (for components.artifact_store.configuration.path)" in str(caught.value)
    assert "export STORE=VALUE" in str(caught.value)


def test_what_comes_from_the_environment_is_not_shown_when_it_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text('name: {inner: "${VALUE}"}\ncomponents: {}\n')

    with pytest.raises(RequestError, match="name: Input should be a valid string") as caught:
        read(path, {"VALUE": "hunter2"})

    assert "hunter2" not in str(caught.value)
