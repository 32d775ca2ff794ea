"""How a pipeline calls its steps: all noted before it runs, or each when it is its turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zenml.client import Client
from zenml.config.retry_config import StepRetryConfig
from zenml.enums import ExecutionStatus
from zenml.execution.pipeline.dynamic.run_context import DynamicPipelineRunContext
from zenml.models import PipelineRunResponse, StepRunResponse
from zenml.steps import BaseStep

from stacks import orchestration
from steps.hooks import record_failure, record_success
from switchyard.configuration.model import UseCase

Call = Callable[..., Any]
"""Calls a step with its inputs: `Calls` and `DynamicCalls`."""


class Calls:
    """Calls the steps of a pipeline that is laid out before it runs."""

    def __call__(self, step: BaseStep, *inputs: Any, **named: Any) -> Any:
        """Call a step; return its output or outputs, as ZenML gives them."""
        return step(*inputs, **named)

    def side_by_side(self, step: BaseStep, calls: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Call a step once for each of `calls`, at the same time where the stack can.

        Each needs an `id` of its own. Returns what each gave.
        """
        return [self(step, **call) for call in calls]


class DynamicCalls(Calls):
    """Calls the steps of a dynamic pipeline, where each call runs the step and waits for it.

    A run whose pod died is gone on with by another pod, which runs the pipeline's function anew:
    ZenML gives it the outputs of the steps that have finished. The one that was cut off it calls
    failed. Here that one is run again, as another step of the run: 'name_2'.

    run: the run's id, which both pods know.
    """

    def __init__(
        self, case: UseCase, retries: Mapping[BaseStep, StepRetryConfig] | None = None
    ) -> None:
        self._case = case
        self._retries = retries or {}
        context = DynamicPipelineRunContext.get()
        assert context is not None, "only a dynamic pipeline calls its steps so"
        self.run = str(context.run.id)
        self._called: dict[str, int] = {}
        self._begun_before = {each.name for each in _step_runs(self.run)}
        orchestration.leave_when_told()

    def __call__(self, step: BaseStep, *inputs: Any, **named: Any) -> Any:
        """As of `Calls`. What the step raises is raised here."""
        base, prepared = named.pop("id", step.name), self._prepared(step)
        while True:
            name = self._next(base)
            try:
                return prepared(*inputs, **named, id=name)
            except RuntimeError:
                if not self._was_cut_off(name):
                    raise

    def side_by_side(self, step: BaseStep, calls: Sequence[Mapping[str, Any]]) -> list[Any]:
        """As of `Calls`: in pods where the stack has them, else one after the other."""
        if not orchestration.of_step(self._case, step.name):
            return super().side_by_side(step, calls)
        prepared = self._prepared(step)
        futures = [prepared.submit(**call) for call in calls]
        return [future.result() for future in futures]

    def _prepared(self, step: BaseStep) -> BaseStep:
        """The step with what a static pipeline would pass on to it, and its place to run."""
        options = orchestration.of_step(self._case, step.name)
        if step in self._retries:
            options["retry"] = self._retries[step]
        return step.with_options(on_success=record_success, on_failure=record_failure, **options)

    def _next(self, base: str) -> str:
        """A name that no call of this run has, and that the same call has in another pod."""
        self._called[base] = count = self._called.get(base, 0) + 1
        return base if count == 1 else f"{base}_{count}"

    def _was_cut_off(self, name: str) -> bool:
        """Whether a step was begun by a pod that died, and has not told of an error of its own."""
        if name not in self._begun_before:
            return False
        return any(
            each.status == ExecutionStatus.FAILED and each.exception_info is None
            for each in _step_runs(self.run, name=name)
        )


def last_calls(run: PipelineRunResponse) -> dict[str, StepRunResponse]:
    """The steps of a run by name; of one that was run again, as 'x_2', the last is 'x'."""
    found = dict(run.steps)
    for name in list(found):
        count = 2
        while (again := f"{name}_{count}") in found:
            found[name] = found[again]
            count += 1
    return found


def _step_runs(run: Any, **wanted: str) -> list[Any]:
    found = Client().list_run_steps(pipeline_run_id=run, size=1_000, hydrate=True, **wanted)
    return list(found.items)
