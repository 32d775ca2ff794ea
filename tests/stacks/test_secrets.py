"""No secret is kept in a component or shown on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from stacks.secrets import MASK, shown_values
from switchyard.errors import RequestError

STACK = """\
name: secretive
components:
  orchestrator: {{name: default, flavor: local}}
  artifact_store:
    name: secretive
    flavor: s3
    configuration: {{path: "s3://bucket/{path}", {more}}}
"""


def write(folder: Path, more: str = "", path: str = "one") -> Path:
    file = folder / "secretive.yaml"
    file.write_text(STACK.format(more=more, path=path), encoding="utf-8")
    return file


def test_what_looks_secret_is_masked_and_what_is_not_is_shown() -> None:
    values = {
        "endpoint": "http://user:hunter2@host/x?token=hunter2",
        "kwargs": {"aws_secret_access_key": "hunter2", "region": "eu"},
        "tracking_token": "hunter2",
        "reference_token": "{{mlflow.token}}",
        "pass_zenml_token_as_secret": True,
        "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "LEVEL", "value": "high"}],
    }

    told = shown_values(values)

    assert "hunter2" not in str(told)
    assert told["endpoint"] == "http://host/x?token=…"
    assert told["kwargs.region"] == "eu"
    assert told["tracking_token"] == told["env[0].DB_PASSWORD"] == MASK
    assert told["reference_token"] == "{{mlflow.token}}"
    assert told["pass_zenml_token_as_secret"] == "True"
    assert told["env[1].LEVEL"] == "high"


@pytest.mark.usefixtures("zenml_store")
def test_a_secret_that_stands_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    from stacks.apply import apply

    with pytest.raises(RequestError, match="zenml secret create NAME --secret=VALUE") as caught:
        apply(write(tmp_path, "key: '{{storage.key}}', secret: hunter2"))

    assert "hunter2" not in str(caught.value)


@pytest.mark.usefixtures("zenml_store")
def test_a_secret_that_zenml_does_not_have_is_named_with_the_command_that_keeps_it(
    tmp_path: Path,
) -> None:
    from zenml.client import Client

    from stacks.apply import apply

    path = write(tmp_path, "key: '{{absent.key}}', secret: '{{absent.secret}}'")

    with pytest.raises(RequestError, match="zenml secret create absent --key=VALUE --secret=VALUE"):
        apply(path)
    Client().create_secret("absent", {"key": "x"})
    with pytest.raises(RequestError, match=r"takes secret from the secret 'absent', which has key"):
        apply(path)


@pytest.mark.usefixtures("zenml_store")
def test_a_diff_shows_values_before_and_after_but_no_secret(tmp_path: Path) -> None:
    from zenml.client import Client
    from zenml.enums import StackComponentType

    from stacks.apply import apply, plan

    Client().create_secret("shown", {"key": "hunter2", "secret": "hunter2"})
    more = "key: '{{shown.key}}', secret: '{{shown.secret}}'"
    apply(write(tmp_path, more))
    before = {"path": "s3://bucket/one", "key": "hunter2", "secret": "hunter2"}
    Client().update_stack_component(
        "secretive", StackComponentType.ARTIFACT_STORE, configuration=before
    )

    (change,) = plan(write(tmp_path, more, "two"))

    assert change.shown() == (
        "artifact_store 'secretive' would be updated\n"
        "  - path: s3://bucket/one\n"
        "  + path: s3://bucket/two\n"
        f"  - key: {MASK}\n"
        "  + key: {{shown.key}}\n"
        f"  - secret: {MASK}\n"
        "  + secret: {{shown.secret}}"
    )
