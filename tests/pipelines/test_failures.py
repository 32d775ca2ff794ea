"""A run that failed elsewhere ends as it would have here: the same error, the same exit code."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from zenml.enums import ExecutionStatus

from pipelines.failures import failure_of
from switchyard.errors import DataError, GateRefused, PlatformError


def told(source: str, message: str) -> Any:
    return SimpleNamespace(source=source, message=message)


def failed(name: str, info: Any = None, day: int = 1) -> Any:
    return SimpleNamespace(
        name=name,
        status=ExecutionStatus.FAILED,
        exception_info=info,
        created=datetime(2024, 1, day),
    )


def run(*steps: Any, info: Any = None, status: str = "failed") -> Any:
    return SimpleNamespace(
        name="phishing-1",
        status=ExecutionStatus(status),
        exception_info=info,
        steps={each.name: each for each in steps},
    )


def test_an_error_of_ours_comes_back_as_it_was() -> None:
    info = told("switchyard.errors.GateRefused", "accuracy .7 is below the floor .8")

    error = failure_of(run(failed("promote_model", info), info=info))

    assert type(error) is GateRefused
    assert str(error) == "accuracy .7 is below the floor .8"


def test_the_runs_own_error_goes_before_those_of_its_steps() -> None:
    refused = "switchyard.errors.GateRefused"
    whole = told(refused, "smoke test: other scores\nthe champion is version 2 again")

    error = failure_of(run(failed("deploy", told(refused, "smoke test: other scores")), info=whole))

    assert str(error).endswith("the champion is version 2 again")


def test_a_step_that_told_more_than_its_run_is_heard() -> None:
    step = told("switchyard.errors.DataError", "row 3: 'x' is no number")
    wrapped = told("zenml.exceptions.StepExecutionException", "Step `load_data` failed.")

    error = failure_of(run(failed("load_data", step), info=wrapped))

    assert (type(error), error.exit_code) == (DataError, 2)


@pytest.mark.parametrize(
    "source", ["os.system", "switchyard_evil.Thing", "switchyard.errors.nothing", None]
)
def test_other_errors_are_the_platforms_and_load_nothing(source: str | None) -> None:
    error = failure_of(run(failed("load_data", told(source or "", "it broke"))))

    assert type(error) is PlatformError
    assert "it broke" in str(error)
    assert "load_data" in str(error)


def test_a_pod_that_ended_without_a_word_is_named_with_what_to_do() -> None:
    with pytest.raises(PlatformError, match=r"pod of 'train_fast' .*memory.*resources\.steps"):
        raise failure_of(run(failed("train_fast")))


def test_a_run_that_tells_nothing_has_at_least_its_name() -> None:
    with pytest.raises(PlatformError, match="'phishing-1' ended as 'stopped'"):
        raise failure_of(run(status="stopped"))
