"""The loop asks the champion's manifest which numbers can be true."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps import plausibility as steps
from switchyard.configuration.model import UseCase
from switchyard.configuration.tables import Target
from switchyard.errors import PlatformError
from switchyard.tables.plausible import Plausible
from switchyard.tracking.records import Version
from tests.retraining.test_feedback_of_tables import case
from tests.steps.test_deployment import CASE
from tests.table_models import package_of


class Registry:
    """One champion, of a package."""

    def __init__(self, package: Path | None) -> None:
        self._package = package

    def champion(self, name: str) -> Version | None:
        return Version(name, 3, "d" * 64) if self._package else None

    def download(self, version: Version, folder: Path) -> Path:
        assert self._package is not None
        return self._package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return package_of(tmp_path / "package")


def unbounded(**changes: str) -> UseCase:
    target = Target(**{"column": "math", **changes})  # type: ignore[arg-type]
    return case().model_copy(update={"target": target})


def test_inputs_and_target_are_held_to_the_champion(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "open_tracker", lambda: Registry(package))
    found = steps.plausible_of(unbounded())
    assert set(found.inputs) == {"reading", "label"}
    assert found.target is not None
    assert steps.truths_of(unbounded()) == found.target
    assert steps.plausible_of(unbounded(column="writing")).target is None


def test_texts_ask_nobody_and_without_a_champion_nothing_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steps, "open_tracker", lambda: Registry(None))
    assert steps.plausible_of(case()) == Plausible()
    monkeypatch.delattr(steps, "open_tracker")
    assert steps.plausible_of(CASE) == Plausible()
    assert steps.truths_of(CASE) is None


def test_those_who_watch_go_on_while_the_registry_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> Registry:
        raise PlatformError("MLflow is away")

    monkeypatch.setattr(steps, "open_tracker", away)
    assert steps.truths_of(case()) is None
    assert "MLflow is away" in caplog.text
    with pytest.raises(PlatformError):
        steps.plausible_of(case())
