"""What a run of monitoring does about retraining, by what the stores hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from switchyard.configuration.loop import Retraining
from switchyard.configuration.model import Candidate, UseCase
from switchyard.configuration.serving import Capture, Serving
from switchyard.errors import GateRefused, PlatformError
from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining import planning
from switchyard.retraining.locks import Lease
from switchyard.retraining.planning import Plan, begin, plan
from switchyard.retraining.records import MAX_ATTEMPTS, Retrainings, concluding
from tests.capture.conftest import Service
from tests.labels import PHISHING
from tests.retraining.test_deciding import window

NOW = datetime(2024, 1, 31, tzinfo=UTC)
DRIFTED = [window(27), window(28)]


@pytest.fixture
def store(tmp_path: Path) -> MonitoringStore:
    return MonitoringStore(str(tmp_path / "monitoring"))


@pytest.fixture
def captured(tmp_path: Path) -> str:
    """A prediction store with three labels."""
    service = Service(tmp_path / "state")
    recorder = service.recorder()
    for url in ("a.example", "b.example", "c.example"):
        recorder.feedback(service.predict(recorder, url), 0, "phishing")
    service.move()
    return service.store


def case(**capture: Any) -> UseCase:
    return UseCase(
        name="phishing",
        title="Phishing",
        serve="fast",
        labels=PHISHING,
        candidates=(Candidate(name="fast", estimator="hashed-ngrams"),),
        serving=Serving(capture=Capture(**capture)),
        retraining=Retraining(min_labelled=2),
    )


def planned(store: MonitoringStore, captured: str, **changes: Any) -> Plan:
    facts: dict[str, Any] = {"now": NOW, "other": None, "verdicts": DRIFTED}
    return plan(store, captured, changes.pop("case", case()), **facts | changes)


def test_drift_and_new_labels_start_one(store: MonitoringStore, captured: str) -> None:
    found = planned(store, captured)

    assert found.decision.retrain
    assert (found.labelled, found.new_labelled) == (3, 3)
    assert found.recent_since == DRIFTED[0].since


def test_labels_that_the_last_one_had_are_not_new(store: MonitoringStore, captured: str) -> None:
    began = begin(store, case(), planned(store, captured), NOW, "run")
    with pytest.raises(GateRefused), concluding(store, began):
        raise GateRefused("below its floor")

    later = NOW + timedelta(days=40)
    found = planned(store, captured, now=later, verdicts=[window(32), window(33)])

    assert not found.decision.retrain
    assert any("only 0 new labels" in each for each in found.decision.reasons)


def test_one_that_was_cut_off_goes_on_with_the_rows_that_it_had(
    store: MonitoringStore, captured: str
) -> None:
    began = begin(store, case(), planned(store, captured), NOW, "first")

    found = planned(store, captured, verdicts=[])
    again = begin(store, case(), found, NOW + timedelta(hours=1), "second")

    assert found.decision.retrain
    assert (again.feedback, again.started, again.attempts) == (began.feedback, NOW, 2)
    assert len(Retrainings(store).all()) == 1


def test_one_that_fails_again_and_again_is_given_up(store: MonitoringStore, captured: str) -> None:
    began = begin(store, case(), planned(store, captured), NOW, "run")
    Retrainings(store).put(began.model_copy(update={"attempts": MAX_ATTEMPTS}))

    found = planned(store, captured)

    assert not found.decision.retrain
    assert Retrainings(store).all()[0].outcome == f"given up: cut off {MAX_ATTEMPTS} times"


def test_a_failure_of_the_platform_leaves_it_to_be_gone_on_with(
    store: MonitoringStore, captured: str
) -> None:
    began = begin(store, case(), planned(store, captured), NOW, "run")

    with pytest.raises(PlatformError), concluding(store, began):
        raise PlatformError("the disk is full")

    assert Retrainings(store).all()[0].may_resume


def test_while_another_run_acts_this_one_does_not(store: MonitoringStore, captured: str) -> None:
    other = Lease(owner="x", host="h", pid=1, start="1", since=NOW.timestamp(), beat=0.0)

    found = planned(store, captured, other=other)

    assert not found.decision.retrain
    assert "a retraining has been running since 2024-01-31 00:00:00 UTC" in found.decision.reasons


@pytest.mark.parametrize(
    ("capture", "reason"),
    [
        ({"redact": ("query",)}, "captured URLs are masked (query"),
        ({"drop": ("url",)}, "captured rows have no URL"),
        ({"enabled": False}, "nothing is captured"),
    ],
)
def test_rows_that_cannot_be_learnt_from_are_told(
    store: MonitoringStore, captured: str, capture: dict[str, Any], reason: str
) -> None:
    found = planned(store, captured, case=case(**capture))

    assert not found.decision.retrain
    assert any(reason in each for each in found.decision.reasons)


def test_a_dry_run_decides_the_same_and_writes_nothing(
    store: MonitoringStore, captured: str
) -> None:
    foretold = planned(store, captured, dry_run=True)

    assert store.folder is not None
    assert not store.folder.exists()
    assert foretold == planned(store, captured)


def test_a_clock_that_was_set_back_holds_it_up_for_one_cool_down(
    store: MonitoringStore, captured: str
) -> None:
    ahead = NOW + timedelta(days=365)
    began = begin(store, case(), planned(store, captured), ahead, "run")
    Retrainings(store).put(began.model_copy(update={"finished": ahead, "labelled": 0}))

    assert not planned(store, captured).decision.retrain
    assert Retrainings(store).all()[0].started == NOW
    later = NOW + timedelta(days=5)
    assert planned(store, captured, now=later, verdicts=[window(32), window(33)]).decision.retrain


def test_a_clock_that_was_set_back_is_told_of_once(store: MonitoringStore, captured: str) -> None:
    ahead = NOW + timedelta(days=365)
    for each in (ahead, ahead + timedelta(days=2)):
        began = begin(store, case(), planned(store, captured), each, "run")
        Retrainings(store).put(began.model_copy(update={"finished": each, "labelled": 0}))

    reasons = planned(store, captured).decision.reasons

    assert any("the last one is dated 2025-02-01" in each for each in reasons)
    assert [each.started for each in Retrainings(store).all()] == [NOW, NOW]


def test_one_that_goes_on_keeps_the_date_that_the_clock_gave_it(
    store: MonitoringStore, captured: str
) -> None:
    begin(store, case(), planned(store, captured), NOW + timedelta(days=365), "first")

    again = begin(store, case(), planned(store, captured), NOW, "second")

    assert again.attempts == 2
    assert [each.started for each in Retrainings(store).all()] == [NOW]


def test_windows_of_a_clock_that_was_ahead_are_not_the_recent_ones(
    store: MonitoringStore, captured: str
) -> None:
    found = planned(store, captured, verdicts=[*DRIFTED, window(200), window(201), window(202)])

    assert found.recent_since == DRIFTED[0].since


def test_recent_rows_begin_with_the_windows_that_are_looked_at() -> None:
    policy = Retraining(drifted_windows=1, of_windows=2)
    few = window(9, "too-few-rows")

    found = [window(1), window(5), window(7), few]
    assert planning.recent_since(found, policy, None) == window(5).since
    assert planning.recent_since([few], policy, None) is None


def test_rows_since_the_last_promoted_retraining_are_recent_too() -> None:
    policy = Retraining(drifted_windows=1, of_windows=2)
    found = [window(1), window(5), window(7)]

    assert planning.recent_since(found, policy, window(2).since) == window(2).since
    assert planning.recent_since(found, policy, window(6).since) == window(5).since


def test_rows_that_came_since_a_promotion_are_recent(store: MonitoringStore, captured: str) -> None:
    began = begin(store, case(), planned(store, captured), NOW, "run")
    done = began.model_copy(update={"finished": NOW, "promoted": True})
    Retrainings(store).put(done.model_copy(update={"started": window(20).since}))

    assert planned(store, captured).recent_since == window(20).since
    Retrainings(store).put(done.model_copy(update={"started": window(20).since, "promoted": False}))
    assert planned(store, captured).recent_since == DRIFTED[0].since


def test_one_that_was_cut_off_is_given_up_where_retraining_is_off(
    store: MonitoringStore, captured: str
) -> None:
    begin(store, case(), planned(store, captured), NOW, "run")
    off = case().model_copy(update={"retraining": Retraining(enabled=False)})

    assert not planned(store, captured, case=off).decision.retrain
    (ended,) = Retrainings(store).all()
    assert ended.finished == NOW
    assert "switched off" in ended.outcome
