"""What is known of a deployed version, and that nothing is rolled back twice or to nowhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from switchyard.configuration.loop import Guard
from switchyard.errors import GateRefused, PlatformError
from switchyard.guarding import counting, watching
from switchyard.guarding.judging import GuardVerdict
from switchyard.guarding.records import MAX_REFUSALS, Rollbacks
from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining.archives import schema, to_parquet
from switchyard.serving.releases import Deployment, Release

NOW = datetime(2024, 5, 2, tzinfo=UTC)
SINCE = NOW - timedelta(hours=2)
GUARD = Guard(min_requests=10, min_labelled=50)
BAD = 'switchyard_requests_total{route="/predict",status="500"} 100.0\n'


def release(version: str) -> Release:
    return Release(
        name="phishing",
        model_version=version,
        bento=f"phishing:v{version}",
        folder="/nowhere",
        content_sha256="0" * 64,
        data_digest="1" * 64,
        synthetic=True,
        built=NOW.isoformat(),
    )


def deployed(version: str = "2", before: str | None = "1", **changes: Any) -> Deployment:
    facts: dict[str, Any] = {
        "release": release(version),
        "url": "http://127.0.0.1:1",
        "since": SINCE.isoformat(),
        "previous": release(before) if before else None,
        "healthy": True,
    }
    return Deployment(**facts | changes)


@pytest.fixture
def store(tmp_path: Path) -> MonitoringStore:
    return MonitoringStore(str(tmp_path / "monitoring"))


@pytest.fixture(autouse=True)
def failing_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each service says that it answered a hundred requests, all of them by errors."""
    monkeypatch.setattr(counting, "fetch", lambda url: BAD)


def watched(store: MonitoringStore, given: Deployment | None, now: datetime = NOW) -> GuardVerdict:
    return watching.watch(given, store, GUARD, now)


def rolled_back(store: MonitoringStore, given: Deployment) -> None:
    record = watching.begin(store, given, watched(store, given))
    watching.finish(store, record)


def test_a_failing_version_goes(store: MonitoringStore) -> None:
    assert watched(store, deployed()).roll_back


def test_after_the_watch_window_it_is_left_alone(store: MonitoringStore) -> None:
    assert not watched(store, deployed(), SINCE + timedelta(hours=25)).roll_back


def test_a_clock_that_was_set_back_does_not_end_the_watch(store: MonitoringStore) -> None:
    assert watched(store, deployed(), SINCE - timedelta(days=9)).roll_back


def test_without_a_service_there_is_nothing_to_guard(store: MonitoringStore) -> None:
    assert not watched(store, None).roll_back


def test_without_a_release_before_it_stays_and_that_is_told(store: MonitoringStore) -> None:
    verdict = watched(store, deployed(before=None))

    assert not verdict.roll_back
    assert "there is no release before it to go back to" in verdict.failed


def test_one_deployment_is_rolled_back_once(store: MonitoringStore) -> None:
    rolled_back(store, deployed())

    assert not watched(store, deployed()).roll_back


def test_it_does_not_go_back_to_what_was_rolled_back(store: MonitoringStore) -> None:
    rolled_back(store, deployed())
    after = deployed("1", "2", since=(SINCE + timedelta(hours=1)).isoformat())

    verdict = watched(store, after)

    assert not verdict.roll_back
    assert any("version 2 before it was rolled back itself" in each for each in verdict.failed)


def test_one_that_was_cut_off_goes_on_from_either_side_of_the_switch(
    store: MonitoringStore,
) -> None:
    begun = watching.begin(store, deployed(), watched(store, deployed()))
    switched = deployed("1", "2", since=NOW.isoformat())

    for state in (deployed(), switched):
        verdict = watched(store, state)
        assert verdict.roll_back
        assert watching.begin(store, state, verdict) == begun
    watching.finish(store, begun)
    assert not Rollbacks(store).unfinished()


@pytest.mark.parametrize(
    "meanwhile",
    [deployed("5", "2", since=NOW.isoformat()), deployed("2", "1", since=NOW.isoformat())],
    ids=["another", "the-same-anew"],
)
def test_what_a_person_deployed_meanwhile_is_judged_by_itself(
    store: MonitoringStore, monkeypatch: pytest.MonkeyPatch, meanwhile: Deployment
) -> None:
    begun = watching.begin(store, deployed(), watched(store, deployed()))
    monkeypatch.setattr(counting, "fetch", lambda url: "")

    assert not watched(store, meanwhile).roll_back
    assert watching.overtaken(store, meanwhile) == [begun]
    assert watching.overtaken(store, deployed()) == []

    monkeypatch.setattr(counting, "fetch", lambda url: BAD)
    verdict = watched(store, meanwhile)
    record = watching.begin(store, meanwhile, verdict)
    assert record.version == meanwhile.release.model_version
    assert not any("was cut off" in each for each in verdict.failed)


def test_one_that_is_refused_is_tried_again_and_then_given_up(store: MonitoringStore) -> None:
    for _ in range(MAX_REFUSALS):
        verdict = watched(store, deployed())
        assert verdict.roll_back
        record = watching.begin(store, deployed(), verdict)
        assert not record.outcome
        watching.refuse(store, record, GateRefused("other scores"))

    verdict = watched(store, deployed())

    assert not verdict.roll_back
    assert verdict.failed[0] == (
        "version 2 should be taken back, and was not: refused 3 times: other scores"
    )


def test_a_failure_of_the_platform_does_not_give_it_up(store: MonitoringStore) -> None:
    for _ in range(MAX_REFUSALS + 1):
        record = watching.begin(store, deployed(), watched(store, deployed()))
        watching.refuse(store, record, PlatformError("MLflow is away"))

    assert watched(store, deployed()).roll_back


def test_a_version_that_does_not_answer_goes(
    store: MonitoringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(url: str) -> str:
        raise PlatformError("it does not answer")

    monkeypatch.setattr(counting, "fetch", refused)

    assert watched(store, deployed(healthy=False)).roll_back
    assert watched(store, deployed(restarts=500)).roll_back
    assert not watched(store, deployed()).roll_back


def test_a_machine_that_was_restarted_is_no_fault_of_the_version(
    store: MonitoringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "fetch", lambda url: "")

    for now in (NOW, NOW + timedelta(days=30)):
        verdict = watched(store, deployed(healthy=False, supervised=False), now)
        assert not verdict.roll_back
        assert "nothing runs" in verdict.failed[0]


def test_what_does_not_answer_after_a_month_is_told_and_stays(store: MonitoringStore) -> None:
    verdict = watched(store, deployed(healthy=False), NOW + timedelta(days=30))

    assert not verdict.roll_back
    assert "does not answer" in verdict.failed[0]


def test_one_that_was_cut_off_is_not_gone_on_with_once_a_person_deployed_another(
    store: MonitoringStore,
) -> None:
    watching.begin(store, deployed(), watched(store, deployed()))
    later = (SINCE + timedelta(hours=1)).isoformat()

    assert watching.unfinished(store, deployed("3", "2", since=later)) is None
    assert watching.unfinished(store, deployed("2", "1", since=later)) is None


def test_one_that_a_person_asked_for_goes_on_from_either_side_of_the_switch(
    store: MonitoringStore,
) -> None:
    begun = watching.begin_asked(store, deployed())

    for state in (deployed(), deployed("1", "2", since=NOW.isoformat())):
        assert watching.unfinished(store, state) == begun
    watching.finish(store, begun)
    assert watching.unfinished(store, deployed()) is None


def test_what_a_person_went_back_from_may_be_gone_back_to(store: MonitoringStore) -> None:
    watching.finish(store, watching.begin_asked(store, deployed()))
    after = deployed("1", "2", since=(SINCE + timedelta(hours=1)).isoformat())

    assert watched(store, after).roll_back


def test_a_version_that_was_deployed_again_is_judged_again(store: MonitoringStore) -> None:
    rolled_back(store, deployed())
    again = deployed(before="3", since=(SINCE + timedelta(hours=1)).isoformat())

    assert watched(store, again).roll_back


def archived(
    store: MonitoringStore, version: str, at: datetime, rows: int, right: int, name: str = ""
) -> None:
    table = pa.Table.from_pylist(
        [
            {
                "request_id": f"{version}-{row}",
                "instance": 0,
                "time": at,
                "url": "a.example",
                "predicted": "benign",
                "score": 0.1,
                "model_version": version,
                "label": "benign" if row < right else "phishing",
                "labelled_at": at,
                "sequence": row,
            }
            for row in range(rows)
        ],
        schema(),
    )
    store.write(f"labelled/{name or version}.parquet", to_parquet(table))


def test_feedback_of_both_versions_is_compared(
    store: MonitoringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "fetch", lambda url: "")
    archived(store, "1", SINCE - timedelta(hours=1), 200, 190)
    archived(store, "2", SINCE + timedelta(hours=1), 100, 60)

    verdict = watched(store, deployed())

    assert verdict.roll_back
    assert "accuracy 0.600 on 100 labels, the version before had 0.950" in verdict.failed[0]


def test_labels_of_before_a_drift_are_not_compared_with(
    store: MonitoringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version before was good a month ago, and bad on what the new one meets."""
    monkeypatch.setattr(counting, "fetch", lambda url: "")
    archived(store, "1", SINCE - timedelta(days=30), 1_000, 950)
    archived(store, "1", SINCE - timedelta(hours=1), 40, 24, "1-late")
    archived(store, "2", SINCE + timedelta(hours=1), 200, 168)

    verdict = watched(store, deployed())

    assert not verdict.roll_back
    assert any("the version before has 40 to compare with" in each for each in verdict.seen)


def test_answers_from_before_the_deployment_are_not_its_own(
    store: MonitoringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "fetch", lambda url: "")
    archived(store, "1", SINCE - timedelta(hours=1), 200, 190)
    archived(store, "2", SINCE - timedelta(hours=9), 100, 0)

    assert not watched(store, deployed()).roll_back
