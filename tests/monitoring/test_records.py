from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.monitoring.records import MonitoringStore, store_location
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.windows import name_of
from tests.monitoring.conftest import MONDAY, WINDOW, Captured


def verdict(**changes: object) -> Verdict:
    given = {"name": "phishing", "rows": 7, "status": "quiet", "created": MONDAY}
    return Verdict.model_validate(
        {**given, "since": WINDOW.since, "until": WINDOW.until, **changes}
    )


@pytest.fixture(params=["folder", "object-store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MonitoringStore:
    if request.param == "folder":
        return MonitoringStore(str(tmp_path / "monitoring"))
    return MonitoringStore(f"memory://{tmp_path.name}/monitoring")


def test_verdicts_come_back_equal_and_oldest_first(store: MonitoringStore) -> None:
    later = verdict(since=WINDOW.until, until=WINDOW.until + (WINDOW.until - WINDOW.since))
    for each in (later, verdict()):
        store.put(each)
    assert store.verdicts() == [verdict(), later]


def test_an_empty_store_has_no_verdicts(store: MonitoringStore) -> None:
    assert store.verdicts() == []
    assert store.read("windows/x.json") is None


def test_a_window_has_one_record_however_often_it_is_put(store: MonitoringStore) -> None:
    store.put(verdict())
    store.put(verdict(rows=8))
    assert [each.rows for each in store.verdicts()] == [8]


def test_an_open_window_is_no_record(store: MonitoringStore) -> None:
    store.put(verdict(provisional=True))
    assert store.verdicts() == []
    assert store.read("open.json") is not None


def test_a_damaged_record_is_left_out_so_that_its_window_is_looked_at_again(
    store: MonitoringStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.put(verdict())
    store.write(f"windows/{name_of(WINDOW.since)}.json", b'{"name": "phi')
    assert store.verdicts() == []
    assert "damaged" in caplog.text


def test_drafts_of_a_killed_process_are_no_records(tmp_path: Path) -> None:
    store = MonitoringStore(str(tmp_path))
    store.put(verdict())
    (tmp_path / "windows" / ".20260908T000000Z.json.1.draft").write_bytes(b'{"na')
    assert len(store.verdicts()) == 1


def test_old_drafts_of_a_killed_process_are_removed_by_the_next_that_writes(tmp_path: Path) -> None:
    old, new = (tmp_path / "windows" / f".{name}.json.1.draft" for name in ("old", "new"))
    old.parent.mkdir()
    for draft in (old, new):
        draft.touch()
    os.utime(old, (0, 0))

    MonitoringStore(str(tmp_path)).put(verdict())

    assert new.exists()
    assert not old.exists()


def test_two_monitors_at_once_leave_one_whole_record(tmp_path: Path) -> None:
    store = MonitoringStore(str(tmp_path))
    start = threading.Barrier(2)

    def write(rows: int) -> None:
        start.wait()
        for _ in range(20):
            store.put(verdict(rows=rows))

    threads = [threading.Thread(target=write, args=(rows,)) for rows in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.rows in (1, 2) for each in store.verdicts()] == [True]


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "windows").write_text("a file in the way")
    with pytest.raises(PlatformError, match=r"monitoring\.store"):
        MonitoringStore(str(tmp_path)).put(verdict())


def test_records_are_below_the_state_unless_configured(tmp_path: Path) -> None:
    case = Captured(tmp_path).case
    assert store_location(case) == str(tmp_path / "monitoring")
    plain = case.plain() | {"monitoring": {}}
    plain["serving"]["state_dir"] = str(tmp_path / "state")
    assert store_location(UseCase.of(plain)) == str(tmp_path / "state" / "phishing" / "monitoring")
