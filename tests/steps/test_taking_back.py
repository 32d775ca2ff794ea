"""The steps that take a version back, with a deployer and a registry that only remember."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines import monitoring as pipeline
from steps import guarding as steps
from switchyard.configuration.loop import Guard, Monitoring
from switchyard.configuration.model import UseCase
from switchyard.errors import GateRefused
from switchyard.guarding.judging import GuardVerdict
from switchyard.guarding.records import Rollback, Rollbacks
from switchyard.monitoring.records import MonitoringStore, store_location
from switchyard.serving.releases import Deployment
from switchyard.tracking.records import ROLLED_BACK_TAG
from tests.steps.test_deployment import CASE, Registry, Stage, deployed
from tests.steps.test_retraining import Made

SINCE = "2026-11-21T12:00:00+00:00"
LATER = "2026-11-21T13:00:00+00:00"
BAD = GuardVerdict(roll_back=True, failed=("20 of 100 answers are errors",))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage(monkeypatch)
    monkeypatch.setattr(steps, "open_deployer", lambda: made.deployer)
    monkeypatch.setattr(steps, "open_tracker", lambda: made.registry)
    monkeypatch.setattr(steps, "log_metadata", lambda facts: made.noted.append(facts))
    monkeypatch.setattr(steps, "gather", lambda *given: None)
    return made


@pytest.fixture
def case(tmp_path: Path) -> UseCase:
    store = Monitoring(store=str(tmp_path / "monitoring"))
    return CASE.model_copy(update={"monitoring": store, "guard": Guard(max_down_s=30)})


def records(case: UseCase) -> Rollbacks:
    return Rollbacks(MonitoringStore(store_location(case)))


def cut_off(case: UseCase) -> Rollback:
    """A roll-back from version 3 to 2 that was begun, and no more."""
    since = datetime.fromisoformat(SINCE)
    record = Rollback(version="3", to="2", reasons=("errors",), deployed=since, started=since)
    records(case).put(record)
    return record


def taken_back(case: UseCase) -> tuple[Rollback, Deployment]:
    found: tuple[Rollback, Deployment] = steps.take_back.entrypoint(BAD, case.plain())
    return found


def test_the_release_before_serves_and_the_bad_version_is_marked(
    stage: Stage, case: UseCase
) -> None:
    stage.deployer.now = deployed(3, before=2)

    record, now = taken_back(case)

    assert (record.version, record.to, record.outcome) == ("3", "2", "")
    assert now.release.model_version == "2"
    assert stage.registry.tagged == {(3, ROLLED_BACK_TAG): BAD.failed[0]}


def test_a_release_before_that_fails_its_smoke_test_is_noted_and_ends_nothing(
    stage: Stage, case: UseCase
) -> None:
    stage.deployer.now = deployed(3, before=2)
    stage.refusal = GateRefused("smoke test: other scores")

    record, now = taken_back(case)

    assert now == stage.deployer.now == deployed(3, before=2)
    assert (record.outcome, record.refusals) == ("smoke test: other scores", 1)
    assert records(case).all() == [record]


@pytest.mark.parametrize(
    ("refusal", "after"),
    [
        (None, ["record_deployment", "end_rollback"]),
        (GateRefused("smoke test: other scores"), []),
    ],
    ids=["done", "refused"],
)
def test_the_run_goes_on_and_the_alias_follows_only_what_was_done(
    stage: Stage,
    case: UseCase,
    refusal: GateRefused | None,
    after: list[str],
) -> None:
    stage.deployer.now = deployed(3, before=2)
    stage.refusal = refusal
    called = []

    def call(step: Any, *given: Any) -> Any:
        called.append(step.name)
        if step.name == "guard_deployment":
            return Made(BAD)
        if step.name == "take_back":
            return tuple(map(Made, taken_back(case)))
        return Made(2)

    pipeline.guard(case.plain(), call)

    assert called == ["guard_deployment", "take_back", *after]


def test_after_a_refusal_it_may_succeed(stage: Stage, case: UseCase) -> None:
    stage.deployer.now = deployed(3, before=2)
    stage.refusal = GateRefused("smoke test: other scores")
    taken_back(case)
    stage.refusal = None

    record, now = taken_back(case)

    assert (record.outcome, now.release.model_version) == ("", "2")


def test_a_version_that_was_deleted_from_the_registry_goes_all_the_same(
    stage: Stage, case: UseCase
) -> None:
    stage.deployer.now = deployed(9, before=2)

    record, now = taken_back(case)

    assert (record.outcome, now.release.model_version) == ("", "2")


def test_nothing_is_switched_to_a_version_that_cannot_be_the_champion(
    stage: Stage, case: UseCase
) -> None:
    stage.deployer.now = deployed(3, before=9)

    record, now = taken_back(case)

    assert now.release.model_version == "3"
    assert "no version '9'" in record.outcome


@pytest.mark.parametrize(("champion", "promoted"), [(3, [2]), (1, [])])
def test_what_a_person_deployed_overtakes_it(
    stage: Stage, case: UseCase, champion: int, promoted: list[int]
) -> None:
    cut_off(case)
    stage.registry = Registry(champion)
    stage.deployer.now = deployed(1, before=3).model_copy(update={"since": LATER})

    steps.look(case, dry_run=False)

    (record,) = records(case).all()
    assert record.finished is not None
    assert record.outcome == f"overtaken: version 1 was deployed at {LATER}"
    assert stage.registry.promoted == promoted
    assert stage.registry.tagged == {(3, ROLLED_BACK_TAG): "errors"}


def test_the_version_itself_deployed_anew_is_the_champion_that_it_was(
    stage: Stage, case: UseCase
) -> None:
    cut_off(case)
    stage.registry = Registry(3)
    stage.deployer.now = deployed(3, before=2).model_copy(update={"since": LATER})

    steps.look(case, dry_run=False)

    assert records(case).all()[0].finished is not None
    assert (stage.registry.promoted, stage.registry.tagged) == ([], {})


def test_a_dry_run_settles_nothing(stage: Stage, case: UseCase) -> None:
    begun = cut_off(case)
    stage.deployer.now = deployed(1, before=3).model_copy(update={"since": LATER})

    steps.look(case, dry_run=True)

    assert records(case).all() == [begun]


class Clock:
    """Time that passes by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("down_s", "supervised", "waited"), [(3.0, True, 3.0), (90.0, True, 30.0), (90.0, False, 0.0)]
)
def test_what_starts_again_is_waited_for(
    stage: Stage,
    case: UseCase,
    monkeypatch: pytest.MonkeyPatch,
    down_s: float,
    supervised: bool,
    waited: float,
) -> None:
    clock = Clock()
    monkeypatch.setattr(steps, "time", clock)
    facts = {"since": datetime.now(UTC).isoformat(), "supervised": supervised}
    now = deployed(3, before=2).model_copy(update=facts)

    def current(name: str) -> Deployment:
        return now.model_copy(update={"healthy": clock.now >= down_s})

    monkeypatch.setattr(stage.deployer, "current", current)

    verdict = steps.look(case, dry_run=True)

    assert clock.now == waited
    assert verdict.roll_back is (supervised and down_s > waited)
