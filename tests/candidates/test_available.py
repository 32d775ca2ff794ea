"""Candidates whose library is missing are left out where they may be, else named."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from switchyard.candidates import catalogue
from switchyard.candidates.available import available
from switchyard.candidates.fitting import fit
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import Candidate, UseCase
from switchyard.errors import RequestError
from tests.conftest import ROOT


@pytest.fixture
def without_xgboost(monkeypatch: pytest.MonkeyPatch) -> None:
    def spec(name: str) -> Any:
        return None if name == "xgboost" else find_spec("sys")

    monkeypatch.setattr(catalogue, "find_spec", spec)


def case(*, serve: str = "best", optional: bool = True) -> UseCase:
    student = resolve(ROOT / "configs" / "student.yaml", {}).use_case
    booster = Candidate(name="booster", estimator="xgboost-regressor", optional=optional)
    ridge = Candidate(name="ridge", estimator="ridge")
    return student.model_copy(update={"candidates": (ridge, booster), "serve": serve})


def names(found: UseCase) -> list[str]:
    return [each.name for each in found.candidates]


@pytest.mark.usefixtures("without_xgboost")
def test_an_optional_candidate_is_left_out_with_a_note() -> None:
    found, notes = available(case())
    assert names(found) == ["ridge"]
    (note,) = notes
    assert "'booster' is left out: xgboost is not installed" in note
    assert "uv sync --extra boosters" in note


@pytest.mark.usefixtures("without_xgboost")
@pytest.mark.parametrize("settings", [{"optional": False}, {"serve": "booster"}])
def test_one_that_is_needed_is_an_error_that_says_what_to_do(settings: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="candidate 'booster' needs the library xgboost") as told:
        available(case(**settings))
    assert "uv run --extra boosters run.py" in str(told.value)


@pytest.mark.usefixtures("without_xgboost")
def test_none_left_is_an_error() -> None:
    alone = case()
    alone = alone.model_copy(update={"candidates": alone.candidates[1:]})
    with pytest.raises(RequestError, match="no candidate is left to train: candidate 'booster'"):
        available(alone)


@pytest.mark.usefixtures("without_xgboost")
def test_fitting_without_the_library_names_it_too() -> None:
    booster = case().candidates[1]
    with pytest.raises(RequestError, match="candidate 'booster' needs the library xgboost"):
        fit(booster, {}, [[0.0]], [0.0], None, 1, (0,))


def test_with_all_that_is_needed_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "find_spec", lambda name: find_spec("sys"))
    whole = case()
    assert available(whole) == (whole, ())
