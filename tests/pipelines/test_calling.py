"""Steps are called in order or side by side, and again where a pod died under them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from zenml.enums import ExecutionStatus

from pipelines import calling
from pipelines.calling import Calls, DynamicCalls, last_calls
from stacks import orchestration
from switchyard.configuration.layers import resolve
from switchyard.errors import GateRefused
from tests.conftest import ROOT

CASE = resolve(ROOT / "configs" / "phishing.yaml").use_case
DIED = RuntimeError("Step `load_data` failed with status `failed`.")


class Step:
    """Takes the place of ZenML's: notes its calls, and raises what it is told to."""

    name = "load_data"

    def __init__(self, *raises: Exception | None) -> None:
        self.raises = list(raises)
        self.called: list[str] = []
        self.options: dict[str, Any] = {}

    def with_options(self, **options: Any) -> Step:
        self.options = options
        return self

    def __call__(self, *inputs: Any, id: str, **named: Any) -> str:
        self.called.append(id)
        error = self.raises.pop(0) if self.raises else None
        if error:
            raise error
        return f"{id} of {inputs or named}"

    def submit(self, id: str, **named: Any) -> Any:
        self.called.append(f"submitted {id}")
        return SimpleNamespace(result=lambda: f"{id} of {named}")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Callable[..., DynamicCalls]:
    """Makes the calls of a run that has some steps on record already."""

    def make(*before: Any, pods: tuple[str, ...] = ()) -> DynamicCalls:
        def steps(run: Any, name: str | None = None) -> list[Any]:
            return [each for each in before if name in (None, each.name)]

        context = SimpleNamespace(run=SimpleNamespace(id="run"))
        monkeypatch.setattr(
            calling, "DynamicPipelineRunContext", SimpleNamespace(get=lambda: context)
        )
        monkeypatch.setattr(calling, "_step_runs", steps)
        monkeypatch.setattr(
            orchestration,
            "of_step",
            lambda case, name: {"runtime": "isolated"} if name in pods else {},
        )
        monkeypatch.setattr(orchestration, "leave_when_told", lambda: None)
        return DynamicCalls(CASE)

    return make


def on_record(name: str, *, error: str = "", status: str = "failed") -> Any:
    info = SimpleNamespace(message=error) if error else None
    return SimpleNamespace(name=name, status=ExecutionStatus(status), exception_info=info)


def test_a_step_is_called_by_its_name_and_again_by_a_number(calls: Any) -> None:
    call, step = calls(), Step()

    assert call(step, 1) == "load_data of (1,)"
    call(step, 2)
    call(step, id="other")

    assert step.called == ["load_data", "load_data_2", "other"]


def test_what_a_step_raises_is_raised(calls: Any) -> None:
    with pytest.raises(GateRefused):
        calls()(Step(GateRefused("no")))


def test_an_error_of_this_pod_is_raised_whatever_it_is(calls: Any) -> None:
    with pytest.raises(RuntimeError, match="failed with status"):
        calls()(Step(DIED))


def test_a_step_that_a_dead_pod_has_begun_is_run_again(calls: Any) -> None:
    step = Step(DIED)

    assert calls(on_record("load_data"))(step) == "load_data_2 of {}"


def test_and_again_after_the_next_pod_died(calls: Any) -> None:
    step = Step(DIED, DIED)

    calls(on_record("load_data"), on_record("load_data_2"))(step)

    assert step.called == ["load_data", "load_data_2", "load_data_3"]


def test_an_error_that_the_dead_pod_has_told_of_is_raised(calls: Any) -> None:
    told = RuntimeError("the disk is full")
    with pytest.raises(RuntimeError, match="the disk is full"):
        calls(on_record("load_data", error="the disk is full"))(Step(told))


def test_steps_with_pods_start_together_and_others_one_by_one(calls: Any) -> None:
    each = [{"id": "a", "x": 1}, {"id": "b", "x": 2}]
    alone, apart = Step(), Step()

    calls().side_by_side(alone, each)
    found = calls(pods=("load_data",)).side_by_side(apart, each)

    assert alone.called == ["a", "b"]
    assert apart.called == ["submitted a", "submitted b"]
    assert found == ["a of {'x': 1}", "b of {'x': 2}"]
    assert apart.options["runtime"] == "isolated"


def test_before_a_pipeline_runs_its_steps_are_only_noted() -> None:
    noted = Calls().side_by_side(Step(), [{"id": "a"}, {"id": "b"}])
    assert noted == ["a of {}", "b of {}"]


def test_of_a_step_that_was_run_again_the_last_call_counts() -> None:
    run: Any = SimpleNamespace(steps={"x": 1, "x_2": 2, "x_3": 3, "y": 4, "z_2": 5})
    assert last_calls(run) == {"x": 3, "x_2": 2, "x_3": 3, "y": 4, "z_2": 5}
