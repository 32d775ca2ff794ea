"""What a stopped step has written stays; what a failed one has written goes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from zenml.exceptions import RunStoppedException
from zenml.orchestrators import output_utils

from stacks.adapting.kept_outputs import keep_when_stopped


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The folders that are removed."""
    seen: list[Sequence[str]] = []
    monkeypatch.setattr(output_utils, "remove_artifact_dirs", seen.append)
    keep_when_stopped()
    return seen


def end_a_step(by: BaseException) -> None:
    """As ZenML's launcher does."""
    try:
        raise by
    except BaseException:
        output_utils.remove_artifact_dirs(artifact_uris=["outputs"])
        raise


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), RunStoppedException(), SystemExit(1)])
def test_a_stop_removes_nothing(removed: list[Sequence[str]], stop: BaseException) -> None:
    with pytest.raises(type(stop)):
        end_a_step(stop)

    assert removed == []


def test_a_failure_removes_what_was_written(removed: list[Sequence[str]]) -> None:
    with pytest.raises(ValueError, match="wrong"):
        end_a_step(ValueError("wrong"))

    assert removed == [["outputs"]]


def test_it_is_taken_in_once(removed: list[Sequence[str]]) -> None:
    first = output_utils.remove_artifact_dirs

    keep_when_stopped()

    assert output_utils.remove_artifact_dirs is first
    assert removed == []
