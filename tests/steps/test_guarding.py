"""Going back when a person asks for it: noted first, and done once."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps import guarding as steps
from switchyard.configuration.layers import resolve
from switchyard.errors import GateRefused
from switchyard.guarding import watching
from switchyard.guarding.judging import GuardVerdict
from switchyard.guarding.records import Rollbacks
from switchyard.monitoring.records import MonitoringStore
from switchyard.tracking.records import ROLLED_BACK_TAG
from tests.conftest import ROOT
from tests.steps.test_deployment import Stage, deployed, stage

__all__ = ["stage"]


@pytest.fixture
def store(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> MonitoringStore:
    monkeypatch.setattr(steps, "open_deployer", lambda: stage.deployer)
    monkeypatch.setattr(steps, "open_tracker", lambda: stage.registry)
    monkeypatch.setattr(steps, "log_metadata", lambda facts: None)
    stage.deployer.now = deployed(2, before=1)
    return MonitoringStore(str(tmp_path))


def gone_back(store: MonitoringStore) -> str:
    case = resolve(ROOT / "configs" / "phishing.yaml", {}, (f"monitoring.store={store.location}",))
    _, after = steps.go_back.entrypoint(case.use_case.plain())
    return str(after.release.model_version)


def test_one_that_was_cut_off_after_the_switch_is_not_switched_once_more(
    store: MonitoringStore,
) -> None:
    assert gone_back(store) == "1"
    assert gone_back(store) == "1"


def test_after_one_that_ended_the_next_goes_back_again(store: MonitoringStore) -> None:
    gone_back(store)
    (record,) = Rollbacks(store).all()
    watching.finish(store, record)

    assert gone_back(store) == "2"


def test_one_that_is_refused_leaves_no_note(store: MonitoringStore, stage: Stage) -> None:
    stage.refusal = GateRefused("smoke test: other scores")

    with pytest.raises(GateRefused, match="other scores"):
        gone_back(store)

    assert Rollbacks(store).all() == []


def test_one_that_the_guard_began_marks_the_version_also_when_a_person_ends_it(
    store: MonitoringStore, stage: Stage
) -> None:
    now = stage.deployer.now
    assert now is not None
    verdict = GuardVerdict(roll_back=True, failed=("20 of 100 answers are errors",))
    watching.begin(store, now, verdict)

    assert gone_back(store) == "1"
    assert stage.registry.tagged == {(2, ROLLED_BACK_TAG): "20 of 100 answers are errors"}


def test_with_the_guard_off_what_a_person_began_is_gone_on_with(
    store: MonitoringStore, stage: Stage
) -> None:
    now = stage.deployer.now
    assert now is not None
    off = ("guard.enabled=false", f"monitoring.store={store.location}")
    case = resolve(ROOT / "configs" / "phishing.yaml", {}, off).use_case

    assert not steps.look(case, dry_run=False).roll_back
    watching.begin_asked(store, now)
    assert steps.look(case, dry_run=False).roll_back
