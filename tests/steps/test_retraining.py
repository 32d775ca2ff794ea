"""The steps around a retraining: what is noted, and what a refused deployment leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines import monitoring as pipeline
from steps import retraining as steps
from steps.deployment import DEPLOYED_TAG
from switchyard.configuration.loop import Monitoring
from switchyard.configuration.loop import Retraining as Policy
from switchyard.configuration.model import UseCase
from switchyard.errors import GateRefused, PlatformError, RequestError
from switchyard.monitoring.records import MonitoringStore, store_location
from switchyard.promotion.records import Decision, Model
from switchyard.retraining import planning
from switchyard.retraining.deciding import RetrainingDecision
from switchyard.retraining.planning import Plan
from switchyard.retraining.records import MAX_ATTEMPTS, Retrained, Retrainings
from switchyard.serving.releases import Deployment
from switchyard.tracking.records import ROLLED_BACK_TAG, Version
from tests.steps.test_deployment import CASE, Registry, Stage, deployed

START = datetime(2024, 1, 31, tzinfo=UTC)
PLAN = Plan(decision=RetrainingDecision(retrain=True, reasons=("drift",)))
AGAIN = "version 3 was promoted and could not be deployed: the champion is version 2 again"


class Alias(Registry):
    """A registry whose champion changes."""

    def set_champion(self, version: Version) -> None:
        super().set_champion(version)
        self._champion = version.number


class NoDeployer:
    """A stack without one."""

    def current(self, name: str) -> Deployment | None:
        raise RequestError("the active stack has no model deployer")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Version 3 was promoted, version 2 serves."""
    made = Stage(monkeypatch)
    made.registry, made.deployer.now = Alias(3), deployed(2)
    monkeypatch.setattr(steps, "open_deployer", lambda: made.deployer)
    monkeypatch.setattr(steps, "open_tracker", lambda: made.registry)
    monkeypatch.setattr(steps, "log_metadata", lambda facts: made.noted.append(facts))
    return made


@pytest.fixture
def case(tmp_path: Path) -> UseCase:
    store = Monitoring(store=str(tmp_path / "monitoring"))
    return CASE.model_copy(update={"monitoring": store})


def records(case: UseCase) -> Retrainings:
    return Retrainings(MonitoringStore(store_location(case)))


def begun(case: UseCase, **changes: Any) -> Retrained:
    facts: dict[str, Any] = {
        "name": "20240131T000000Z",
        "started": START,
        "reasons": ("2 of the last 3 windows drifted",),
        "labelled": 300,
        "feedback": {"location": "rows.parquet"},
    }
    record = Retrained(**facts | changes)
    records(case).put(record)
    return record


def decision(*, promoted: bool = True) -> Decision:
    return Decision(
        promoted=promoted,
        summary="Promoted: it passed every gate.",
        metric="roc_auc",
        interval=None,
        gates=(),
        challenger=Model(name="fast", version=3, content_sha256="3" * 64, metrics={}),
        champion=None,
        created=START.isoformat(),
    )


class Made:
    """A step's output, as a dynamic pipeline hands it on."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def load(self) -> Any:
        return self.value


def value(given: Any) -> Any:
    return given.value if isinstance(given, Made) else given


class Wired:
    """The pipeline's wiring, with the steps that are ours called at once."""

    def __init__(self, patch: pytest.MonkeyPatch, case: UseCase, refusal: Exception | None) -> None:
        self.case, self.refusal = case, refusal
        patch.setattr(pipeline, "DynamicCalls", lambda *given: self._called)
        patch.setattr(pipeline, "training_steps", lambda *given: (Made(3), Made(decision())))
        patch.setattr(pipeline, "deployment_steps", self._deployed)

    def _called(self, step: Any, *given: Any) -> Any:
        if step.name == "begin_retraining":
            return Made(begun(self.case)), Made(self.case.plain()), Made([])
        return Made(step.entrypoint(*map(value, given)))

    def _deployed(self, version: Made, *others: Any) -> Made:
        if self.refusal:
            raise self.refusal
        return version

    def retrain(self) -> None:
        store = MonitoringStore(store_location(self.case))
        pipeline.retrain(store, Made(None), False, self.case.plain(), self._called)


def test_a_deployment_that_is_refused_takes_the_promotion_back(
    stage: Stage, case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    wired = Wired(monkeypatch, case, GateRefused("smoke test: other scores"))

    with pytest.raises(GateRefused, match=AGAIN):
        wired.retrain()

    assert stage.registry.promoted == [2]
    reason = "its deployment was refused: smoke test: other scores"
    assert stage.registry.tagged == {(3, ROLLED_BACK_TAG): reason}
    (record,) = records(case).all()
    assert record.finished is not None
    assert (record.version, record.promoted, record.deployed) == (3, False, False)
    assert "smoke test: other scores" in record.outcome


def test_what_is_not_the_versions_fault_does_not_bar_it(
    stage: Stage, case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RequestError, match=AGAIN):
        Wired(monkeypatch, case, RequestError("serving.state_dir is another")).retrain()

    assert (stage.registry.promoted, stage.registry.tagged) == ([2], {})


def test_a_failure_of_the_platform_leaves_the_promotion_to_be_gone_on_with(
    stage: Stage, case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PlatformError):
        Wired(monkeypatch, case, PlatformError("the disk is full")).retrain()

    (record,) = records(case).all()
    assert stage.registry.promoted == []
    assert (record.version, record.promoted, record.finished) == (3, True, None)


def test_a_deployment_that_succeeds_is_on_record(
    stage: Stage, case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    Wired(monkeypatch, case, None).retrain()

    (record,) = records(case).all()
    assert (record.version, record.promoted, record.deployed) == (3, True, True)


@pytest.mark.parametrize("attempts", [MAX_ATTEMPTS, MAX_ATTEMPTS - 1])
def test_one_that_is_given_up_leaves_no_champion_that_does_not_serve(
    stage: Stage, case: UseCase, attempts: int
) -> None:
    begun(case, attempts=attempts, version=3, promoted=True)

    steps.look(case, None, dry_run=True)
    assert stage.registry.promoted == []
    steps.look(case, None, dry_run=False)

    (record,) = records(case).all()
    given_up = attempts == MAX_ATTEMPTS
    assert (record.finished is not None) is given_up
    assert stage.registry.promoted == ([2] if given_up else [])
    assert record.promoted is not given_up
    assert record.not_deployed.startswith(AGAIN) is given_up


def test_where_promoted_versions_are_not_deployed_the_champion_stays(
    stage: Stage, case: UseCase
) -> None:
    case = case.model_copy(update={"retraining": Policy(deploy=False)})

    assert not steps.withdraw(case, begun(case, version=3, promoted=True), "other scores")
    assert (stage.registry.promoted, stage.registry.tagged) == ([], {})


def test_a_promotion_that_was_taken_back_halfway_is_on_record(stage: Stage, case: UseCase) -> None:
    """Cut off after the alias was set and before the record was."""
    stage.registry = Alias(2)

    assert not steps.withdraw(case, begun(case, version=3, promoted=True))
    assert not records(case).all()[0].promoted
    assert stage.registry.promoted == []


def test_what_serves_by_now_is_not_taken_back(stage: Stage, case: UseCase) -> None:
    stage.deployer.now = deployed(3, before=2)

    assert not steps.withdraw(case, begun(case, version=3, promoted=True), "not recorded")
    assert records(case).all()[0].deployed
    assert stage.registry.promoted == []


def ended(case: UseCase, now: int | None = None) -> Retrained:
    record = begun(case)
    found: Retrained = steps.end_retraining.entrypoint(record, decision(), 3, now, case.plain())
    assert records(case).all() == [found]
    return found


def test_one_that_was_cut_off_after_the_switch_is_deployed(stage: Stage, case: UseCase) -> None:
    stage.deployer.now = deployed(3, before=2)

    found = ended(case)

    assert (found.promoted, found.deployed, found.not_deployed) == (True, True, "")


def test_why_it_is_not_deployed_is_told_truly(stage: Stage, case: UseCase) -> None:
    off = case.model_copy(update={"retraining": Policy(deploy=False)})

    assert ended(off).not_deployed == "version 2 serves (retraining.deploy is off)"
    stage.deployer.now = None
    assert ended(case).not_deployed == "nothing serves here"
    stage.deployer = NoDeployer()  # type: ignore[assignment]
    assert ended(case).not_deployed == "the active stack has no model deployer"
    assert not ended(case).deployed


def test_a_version_that_was_not_promoted_has_no_reason_not_to_serve(
    stage: Stage, case: UseCase
) -> None:
    stage.registry = Alias(2)

    found = ended(case)

    assert (found.promoted, found.deployed, found.not_deployed) == (False, False, "")


def test_a_champion_that_serves_is_deployed_once_more_until_that_is_noted(
    stage: Stage, case: UseCase
) -> None:
    stage.deployer.now = deployed(3, before=2)
    record = begun(case)

    def due() -> bool:
        return bool(steps.deployment_due.entrypoint(record, decision(), 3, case.plain()))

    assert due()
    stage.registry.tagged[3, DEPLOYED_TAG] = stage.deployer.now.since
    assert not due()


@pytest.mark.parametrize(
    ("own", "of_retraining", "expected"),
    [(None, 12, 12), (24, None, 24), (24, 6, 6), (None, None, None)],
)
def test_what_is_too_old_is_said_by_the_configuration_not_by_the_champions_data(
    stage: Stage,
    case: UseCase,
    monkeypatch: pytest.MonkeyPatch,
    own: int | None,
    of_retraining: int | None,
    expected: int | None,
) -> None:
    record = begun(case)
    monkeypatch.setattr(planning, "begin", lambda *given: record)
    monkeypatch.setattr(steps, "fingerprint", lambda *given: "")
    monkeypatch.setattr(steps, "get_step_context", lambda: SimpleNamespace(pipeline_run=record))
    earlier = case.data.model_copy(update={"keep_months": 3})
    monkeypatch.setattr(
        steps, "_on_champions_data", lambda case: case.model_copy(update={"data": earlier})
    )
    changed = case.model_copy(
        update={
            "data": case.data.model_copy(update={"keep_months": own}),
            "retraining": Policy(keep_months=of_retraining),
        }
    )

    _, training_case, _ = steps.begin_retraining.entrypoint(PLAN, False, changed.plain())

    assert training_case["data"]["keep_months"] == expected
