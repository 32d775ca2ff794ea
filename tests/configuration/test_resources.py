"""What pods get is written as Kubernetes writes it, for steps that there are."""

from __future__ import annotations

from importlib import import_module
from typing import get_args

import pytest
from pydantic import ValidationError
from zenml.steps import BaseStep

from switchyard.configuration.resources import Pod, Resources, StepName


@pytest.mark.parametrize("cpu", ["100m", "1", "2", "0.5", "1.5", "10"])
@pytest.mark.parametrize("memory", ["512Mi", "2Gi", "1.5Gi", "100M", "1000000"])
def test_quantities_of_kubernetes_are_taken(cpu: str, memory: str) -> None:
    assert Pod(cpu=cpu, memory=memory).memory == memory


@pytest.mark.parametrize("cpu", ["", "0", "0m", "0.0", "-1", "half", "1 core", "m"])
def test_other_words_for_cores_are_refused(cpu: str) -> None:
    with pytest.raises(ValidationError):
        Pod(cpu=cpu)


@pytest.mark.parametrize("memory", ["", "0", "0Gi", "2GB", "2 Gi", "-1Gi", "much"])
def test_other_words_for_bytes_are_refused(memory: str) -> None:
    with pytest.raises(ValidationError):
        Pod(memory=memory)


def test_a_step_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError, match="train_candidates"):
        Resources.of({"steps": {"train_candidates": {}}})


def test_each_step_that_may_have_a_pod_is_one() -> None:
    rooms = ("data", "training", "evaluation", "registration", "inference", "monitoring")
    found = {
        each.name
        for room in rooms
        for each in vars(import_module(f"steps.{room}")).values()
        if isinstance(each, BaseStep)
    }
    assert set(get_args(StepName)) <= found
