from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from switchyard.capture import reading
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from switchyard.monitoring.drift import Comparison
from switchyard.monitoring.prometheus import start_exporter
from switchyard.monitoring.records import METRICS, MonitoringStore
from switchyard.monitoring.references import Reference
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.running import Looked, check_store
from tests.monitoring.conftest import (
    MONDAY,
    Captured,
    issued_at,
    new_kind,
    scores,
    table,
    usual,
)
from tests.monitoring.test_alerts import Hook

Make = Callable[..., Captured]
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def plain_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without pictures, which take seconds each."""
    monkeypatch.setattr(Comparison, "html", lambda self: f"<p>{self.title}</p>")
    monkeypatch.setattr("switchyard.monitoring.reports.add_to_workspace", lambda *given: None)


@pytest.fixture
def look(reference: Reference) -> Callable[..., Looked]:
    """Runs monitoring on a store, a number of hours after Monday has begun."""

    def run(kept: Captured, hours: float = 25, **more: Any) -> Looked:
        store = MonitoringStore(kept.case.monitoring.store)
        now = MONDAY + timedelta(hours=hours)
        return check_store(kept.case, kept.location, store, lambda version: reference, now, **more)

    return run


def verdicts(kept: Captured) -> list[Verdict]:
    return MonitoringStore(kept.case.monitoring.store).verdicts()


def drifted(rows: int = 600) -> Any:
    return table(new_kind(rows, 41), scores([True] * rows, 42).tolist())


def test_each_complete_window_gets_one_verdict_and_the_open_one_a_provisional(
    captured: Make, look: Any
) -> None:
    kept = captured()
    kept.add(usual(500, 43))
    kept.add(usual(300, 44, since=TUESDAY))

    found = look(kept, 30).verdicts

    assert [(each.status, each.rows, each.provisional) for each in found] == [
        ("quiet", 500, False),
        ("quiet", 300, True),
    ]
    assert verdicts(kept) == found[:1]
    assert Path(kept.case.monitoring.store, "reports", "20260907T000000Z.html").is_file()
    assert Path(kept.case.monitoring.store, "open.json").is_file()


def test_reports_beyond_those_to_keep_are_deleted_and_verdicts_stay(
    captured: Make, look: Any
) -> None:
    kept = captured(keep_reports=1)
    kept.add(usual(500, 43))
    kept.add(usual(400, 44, since=TUESDAY))

    look(kept, 50)

    reports = Path(kept.case.monitoring.store, "reports")
    assert [path.name for path in reports.iterdir()] == ["20260908T000000Z.html"]
    assert len(verdicts(kept)) == 2


def test_a_second_run_looks_only_at_what_is_new(captured: Make, look: Any) -> None:
    kept = captured()
    kept.add(usual(500, 43))
    first = look(kept)
    again = look(kept)
    assert [each.provisional for each in first.verdicts] == [False, True]
    assert [each.provisional for each in again.verdicts] == [True]
    assert len(verdicts(kept)) == 1


def test_a_clock_set_back_makes_the_same_records_again(captured: Make, look: Any) -> None:
    kept = captured()
    kept.add(usual(500, 43))
    kept.add(usual(400, 44, since=TUESDAY))
    look(kept, 50)
    before = verdicts(kept)
    look(kept, 2)
    look(kept, 26)

    then = MONDAY + timedelta(hours=26)
    assert verdicts(kept) == [before[0].model_copy(update={"created": then}), before[1]]
    assert look(kept, 26).verdicts[0].provisional  # once is enough


def test_half_a_window_that_was_judged_by_a_clock_ahead_is_judged_again_when_it_is_over(
    captured: Make, look: Any
) -> None:
    kept = captured()
    kept.add(drifted(300))
    look(kept, 30)  # by a clock that is six hours ahead of a Monday that goes on
    kept.add(usual(4_000, 45), "later")

    look(kept, 25)

    found = verdicts(kept)
    assert [each.rows for each in found] == [4_300]
    assert found[0].created == MONDAY + timedelta(hours=25)


def test_nobody_is_told_again_of_a_window_that_is_judged_again(captured: Make, look: Any) -> None:
    hook = Hook()
    kept = captured(alerts={"webhook": hook.url})
    kept.add(drifted())
    look(kept, 50)
    look(kept, 26)
    hook.close()

    assert len(hook.documents) == 1
    assert verdicts(kept)[0].alerted == ("log:drift", "webhook:drift")


@pytest.mark.parametrize("lost", [b"", b"PAR1", b"\x00" * 4096], ids=["empty", "cut", "zeros"])
def test_whatever_is_left_of_damaged_files_the_rest_is_judged(
    captured: Make, look: Any, lost: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    kept = captured()
    kept.add(drifted())
    kept.add(usual(100, 44), "damaged").write_bytes(lost)
    kept.label(usual(10, 43), ["benign"] * 10, "damaged").write_bytes(lost)

    found = look(kept).verdicts[0]

    assert (found.rows, found.status, found.quality.damaged_files) == (600, "drifted", 2)
    assert "log:damage" in found.alerted
    assert len([told for told in caplog.messages if told.startswith("skipped: ")]) == 2


def test_a_damaged_file_is_skipped_counted_and_told_of(captured: Make, look: Any) -> None:
    kept = captured()
    kept.add(usual(500, 43))
    kept.add(usual(100, 44), "damaged").write_bytes(b"PAR1 rubbish PAR1")
    found = look(kept).verdicts[0]
    assert (found.rows, found.status, found.quality.damaged_files) == (500, "quiet", 1)
    assert "damaged.parquet" in " ".join(found.reasons)
    assert "log:damage" in found.alerted


def test_an_alert_is_sent_once_a_window(captured: Make, look: Any) -> None:
    hook = Hook()
    kept = captured(alerts={"webhook": hook.url})
    kept.add(drifted())
    look(kept)
    look(kept)
    hook.close()
    assert [each["kinds"] for each in hook.documents] == [["drift"]]
    assert verdicts(kept)[0].alerted == ("log:drift", "webhook:drift")


def test_an_alert_that_cannot_be_sent_is_in_the_result(captured: Make, look: Any) -> None:
    hook = Hook(403)
    kept = captured(alerts={"webhook": hook.url})
    kept.add(drifted())
    found = look(kept)
    hook.close()
    assert "403" in found.unsent[0]
    assert verdicts(kept)[0].status == "drifted"


def test_labels_that_come_later_complete_a_verdict(
    captured: Make, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = captured()
    rows = usual(500, 43)
    ids = [issued_at(MONDAY + timedelta(minutes=m), monkeypatch, kept.ids) for m in range(500)]
    rows = rows.set_column(0, "request_id", [ids])
    kept.add(rows)
    assert look(kept).verdicts[0].performance is None
    wrong = rows.slice(0, 60)
    kept.label(wrong, ["benign"] * 60)

    later = look(kept)

    done = verdicts(kept)[0]
    assert done.performance is not None
    assert done.performance.rows == 60
    assert done.lost_performance
    assert done.alerted == ("log:performance",)
    assert done in later.verdicts
    assert [each.provisional for each in look(kept).verdicts] == [True]


def test_more_labels_measure_a_window_again(
    captured: Make, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = captured()
    rows = usual(500, 43)
    ids = [issued_at(MONDAY + timedelta(minutes=m), monkeypatch, kept.ids) for m in range(500)]
    rows = rows.set_column(0, "request_id", [ids])
    kept.add(rows)
    decided = rows["label"].to_pylist()
    kept.label(rows.slice(0, 20), ["benign"] * 20)
    look(kept)
    first = verdicts(kept)[0].performance
    kept.label(rows.slice(20), decided[20:], "later")

    again = look(kept)

    done = verdicts(kept)[0].performance
    assert first is not None
    assert (first.rows, first.below_floor) == (20, ("accuracy",))
    assert done is not None
    assert (done.rows, done.below_floor) == (500, ())
    assert [each.provisional for each in again.verdicts] == [False, True]
    assert [each.provisional for each in look(kept).verdicts] == [True]


def test_rows_that_come_late_have_their_window_judged_again(captured: Make, look: Any) -> None:
    hook = Hook()
    kept = captured(alerts={"webhook": hook.url})
    kept.add(drifted(100))
    look(kept)
    few = verdicts(kept)[0]
    kept.add(drifted(600), "late")

    look(kept)
    look(kept)

    hook.close()
    [done] = verdicts(kept)
    assert (few.rows, few.status) == (100, "too-few-rows")
    assert (done.rows, done.status) == (700, "drifted")
    assert [each["kinds"] for each in hook.documents] == [["drift"]]


def test_what_people_know_of_a_window_is_not_told_again_when_more_rows_come(
    captured: Make, look: Any
) -> None:
    hook = Hook()
    kept = captured(alerts={"webhook": hook.url})
    kept.add(drifted())
    look(kept)
    kept.add(drifted(), "late")
    look(kept)
    hook.close()
    assert [each.rows for each in verdicts(kept)] == [1200]
    assert len(hook.documents) == 1


def test_rows_are_counted_only_where_files_came(
    captured: Make, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = captured()
    kept.add(usual(500, 43))
    kept.add(usual(400, 44, since=TUESDAY))
    for _ in range(2):
        look(kept, 50)
    counted = []
    read = reading.predictions

    def noting(store: str, since: Any, until: Any, **more: Any) -> Any:
        if more["columns"] == ("time",):
            counted.append(since.day)
        return read(store, since, until, **more)

    monkeypatch.setattr(reading, "predictions", noting)
    look(kept, 50)
    kept.add(usual(50, 45, since=TUESDAY), "late")
    look(kept, 50)

    assert counted == [TUESDAY.day]
    assert [each.rows for each in verdicts(kept)] == [500, 450]


def test_a_window_waits_for_rows_that_may_still_be_on_their_way(captured: Make, look: Any) -> None:
    kept = captured()
    plain = kept.case.plain()
    plain["serving"]["capture"]["flush_s"] = 300.0
    kept.case = UseCase.of(plain)
    kept.add(usual(500, 43))
    assert [each.provisional for each in look(kept, 24 + 599 / 3600).verdicts] == [True, True]
    assert [each.provisional for each in look(kept, 24 + 600 / 3600).verdicts] == [False, True]


def test_who_was_not_told_because_the_run_was_killed_is_told_by_the_next(
    captured: Make, look: Any
) -> None:
    class Killed(BaseException):
        """Nothing in between handles it either."""

    def killed(*given: object) -> None:
        raise Killed

    hook = Hook()
    kept = captured(alerts={"webhook": hook.url})
    kept.add(drifted())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("switchyard.monitoring.running.send", killed)
        with pytest.raises(Killed):
            look(kept)
    assert [each.alerted for each in verdicts(kept)] == [()]

    look(kept)
    look(kept)

    hook.close()
    assert [each["kinds"] for each in hook.documents] == [["drift"]]
    assert verdicts(kept)[0].alerted == ("log:drift", "webhook:drift")


def test_damaged_labels_are_counted_and_told_of(captured: Make, look: Any) -> None:
    kept = captured()
    rows = usual(500, 43)
    kept.add(rows)
    kept.label(rows.slice(0, 1), ["benign"]).write_bytes(b"PAR1 rubbish PAR1")
    found = look(kept).verdicts[0]
    assert found.quality.damaged_files == 1
    assert found.alerted == ("log:damage",)


def test_a_damaged_file_is_told_of_once_a_day_not_once_a_window(captured: Make, look: Any) -> None:
    hook = Hook()
    kept = captured(window_h=1.0, alerts={"webhook": hook.url})
    kept.add(usual(500, 43))
    kept.add(usual(100, 44), "damaged").write_bytes(b"PAR1 rubbish PAR1")
    look(kept, 3.5)
    look(kept, 6.5)
    hook.close()
    assert [each.quality.damaged_files for each in verdicts(kept)] == [1] * 6
    assert [each["kinds"] for each in hook.documents] == [["damage"]]


def test_a_dry_run_draws_no_page(
    captured: Make, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(self: Comparison) -> str:
        raise AssertionError(f"a page of {self.title} was drawn")

    monkeypatch.setattr(Comparison, "html", drawn)
    kept = captured()
    kept.add(usual(500, 43))
    assert look(kept, dry_run=True).verdicts[0].status == "quiet"


def test_a_dry_run_tells_and_leaves_nothing(captured: Make, look: Any) -> None:
    hook = Hook()
    kept = captured(alerts={"webhook": hook.url})
    kept.add(drifted())
    found = look(kept, dry_run=True)
    hook.close()
    assert found.verdicts[0].status == "drifted"
    assert hook.documents == []
    assert not Path(kept.case.monitoring.store).exists()


def test_few_rows_need_no_reference(captured: Make) -> None:
    kept = captured()
    kept.add(usual(10, 43))

    def refuse(version: str) -> Reference:
        raise RequestError(f"no reference of version {version}")

    store = MonitoringStore(kept.case.monitoring.store)
    found = check_store(kept.case, kept.location, store, refuse, TUESDAY + timedelta(hours=1))
    assert found.verdicts[0].status == "too-few-rows"


def test_without_captured_rows_there_are_no_windows(captured: Make, look: Any) -> None:
    assert look(captured()).verdicts == []


def test_prometheus_reads_the_last_window_from_a_file_and_from_an_address(
    captured: Make, look: Any
) -> None:
    kept = captured()
    kept.add(drifted())
    look(kept)
    location = kept.case.monitoring.store
    server, thread = start_exporter(0, location)
    answer = requests.get(f"http://127.0.0.1:{server.server_port}/metrics", timeout=10).text
    server.shutdown()
    thread.join()
    file = Path(location, METRICS).read_text()
    for text in (file, answer):
        assert 'switchyard_monitoring_drifted{use_case="phishing"} 1.0' in text
        assert 'switchyard_monitoring_rows{use_case="phishing"} 600.0' in text
        assert 'column_distance{column="url_length",use_case="phishing"}' in text
        assert 'windows{status="drifted",use_case="phishing"} 1.0' in text


def test_a_verdict_of_a_clock_that_was_ahead_is_made_again(captured: Make, look: Any) -> None:
    kept = captured()
    kept.add(usual(500, 43))
    look(kept, 24 * 10 + 1)
    assert [each.status for each in verdicts(kept)] == ["quiet", *["too-few-rows"] * 9]
    kept.add(drifted(), "later")

    # The clock is right again, and the day is over that it had judged before it began.
    found = look(kept, 25).verdicts

    assert [(each.status, each.rows) for each in found if not each.provisional] == [
        ("drifted", 1_100)
    ]
    assert verdicts(kept)[0] == found[0]
