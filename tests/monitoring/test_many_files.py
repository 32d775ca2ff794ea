"""What a run reads of a store that has grown for months, and that it misses nothing by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from switchyard.capture import reading
from switchyard.capture.stores import PREDICTIONS, Store
from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.monitoring.drift import Comparison
from switchyard.monitoring.labels import FEW, FOLDER, given_labels
from switchyard.monitoring.latecomers import Seen, files_of, first_time
from switchyard.monitoring.records import METRICS, MonitoringStore
from switchyard.monitoring.references import Reference
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.running import check_store
from tests.backends import ObjectStore
from tests.monitoring.conftest import MONDAY, Captured, new_kind, scores, table, usual

Make = Callable[..., Captured]
TUESDAY = MONDAY + timedelta(days=1)
FILES = FEW + 2


class Labelled:
    """A day of labels in several files, and what is read of them."""

    def __init__(self, kept: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept, self.store = kept, MonitoringStore(kept.case.monitoring.store)
        for number in range(FILES):
            self.label(number)
        self.errors: list[PlatformError] = []
        self.days: list[date] = []
        read = reading.feedback_of_day

        def noting(store: Store, day: date, **more: Any) -> pa.Table:
            self.days.append(day)
            return read(store, day, **more)

        monkeypatch.setattr(reading, "feedback_of_day", noting)

    def label(self, number: int, since: datetime = MONDAY) -> Path:
        rows = usual(2, number, since=since + timedelta(hours=number))
        return self.kept.label(rows, ["benign"] * 2, f"labels-{number}")

    def read(self, **more: Any) -> int:
        found = given_labels(self.store, self.kept.location, self.errors.append, **more)
        return int(found.num_rows)


@pytest.fixture
def labelled(captured: Make, monkeypatch: pytest.MonkeyPatch) -> Labelled:
    return Labelled(captured(), monkeypatch)


def test_the_files_of_a_day_of_labels_are_opened_once(labelled: Labelled) -> None:
    assert [labelled.read(), labelled.read()] == [2 * FILES, 2 * FILES]
    assert labelled.days == [MONDAY.date()]
    assert len(labelled.store.paths(FOLDER)) == 1


def test_labels_that_came_late_are_read_with_the_others(labelled: Labelled) -> None:
    labelled.read()
    labelled.label(FILES)

    assert labelled.read() == 2 * FILES + 2
    assert len(labelled.store.paths(FOLDER)) == 1


def test_what_is_kept_together_goes_with_its_day(labelled: Labelled) -> None:
    labelled.read()
    Store(labelled.kept.location).remove("feedback", MONDAY.date())

    assert labelled.read() == 0
    assert labelled.store.paths(FOLDER) == []


def test_a_damaged_file_of_labels_is_told_by_each_run(labelled: Labelled) -> None:
    labelled.label(0).write_bytes(b"no labels")

    assert [labelled.read(), labelled.read()] == [2 * FILES - 2] * 2
    assert len(labelled.errors) == 2


def test_what_was_kept_together_and_is_damaged_is_made_again(labelled: Labelled) -> None:
    labelled.read()
    (path,) = labelled.store.paths(FOLDER)
    labelled.store.write(path, b"no labels")

    assert [labelled.read(), labelled.read()] == [2 * FILES] * 2
    assert labelled.days == [MONDAY.date()] * 2


def test_a_dry_run_keeps_nothing(labelled: Labelled) -> None:
    assert labelled.read(keep=False) == 2 * FILES
    assert labelled.store.paths(FOLDER) == []


def test_days_before_are_left_alone(labelled: Labelled) -> None:
    labelled.read()
    labelled.days.clear()

    assert labelled.read(since=TUESDAY) == 0
    assert labelled.days == []
    assert len(labelled.store.paths(FOLDER)) == 1


def test_today_s_labels_are_read_anew(captured: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = captured()
    labelled = Labelled(kept, monkeypatch)
    midnight = datetime.combine(datetime.now(UTC).date(), datetime.min.time(), UTC)
    for number in range(FILES):
        labelled.label(number, midnight)

    assert labelled.read() == 4 * FILES
    assert len(labelled.store.paths(FOLDER)) == 1


def ignored(error: PlatformError) -> None:
    """Damage that is of no interest here."""


def verdict(since: datetime) -> Verdict:
    return Verdict(
        name="phishing",
        since=since,
        until=since + timedelta(days=1),
        rows=1,
        compared=1,
        status="quiet",
        created=since,
    )


@pytest.mark.parametrize(
    ("days", "hours", "again"),
    [(1.5, 0.1, True), (5, 11.9, False), (5, 12.1, True), (5, -1, True)],
    ids=["lately over", "soon after", "long after", "clock set back"],
)
def test_a_day_is_counted_the_more_seldom_the_longer_it_is_over(
    captured: Make, days: float, hours: float, again: bool
) -> None:
    kept = captured()
    kept.add(usual(10, 1))
    now = TUESDAY + timedelta(days=days)
    looked = now - timedelta(hours=hours)
    before = Seen(files={"2026-09-07": 7}, looked={"2026-09-07": looked})

    found = files_of(kept.location, [verdict(MONDAY)], before, now)

    assert found.files == {"2026-09-07": 1 if again else 7}
    assert found.looked == {"2026-09-07": now if again else looked}


def test_the_first_time_is_looked_for_where_it_matters(
    captured: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = captured()
    assert first_time(kept.location, Seen(), MONDAY, ignored) == (None, 0)
    rows = usual(10, 1, since=MONDAY + timedelta(hours=5))
    kept.add(rows)
    found, files = first_time(kept.location, Seen(), MONDAY, ignored)
    assert (found, files) == (MONDAY + timedelta(hours=5), 1)

    # When it is known, or of no consequence, no file is opened
    monkeypatch.setattr(reading, "first_time", None)
    seen = Seen(first=found, first_files=files)
    assert first_time(kept.location, seen, MONDAY, ignored) == (found, files)
    assert first_time(kept.location, Seen(), TUESDAY, ignored) == (MONDAY, 0)


def test_an_object_store_is_asked_for_many_files_at_once(
    captured: Make, object_store: ObjectStore
) -> None:
    kept = captured()
    for number in range(150):
        kept.add(usual(3, number, since=MONDAY + timedelta(minutes=number)), f"rows-{number:03}")
    remote = uploaded(kept, object_store)
    begun = Store(remote)

    found = reading.predictions(remote)

    assert found.equals(reading.predictions(kept.location))
    assert len(begun.paths(PREDICTIONS, MONDAY.date())) == 150


@pytest.mark.slow
def test_a_run_reads_and_writes_object_stores_alone(
    captured: Make, object_store: ObjectStore, reference: Reference, monkeypatch: Any
) -> None:
    monkeypatch.setattr(Comparison, "html", lambda self: f"<p>{self.title}</p>")
    kept = captured()
    rows = table(new_kind(600, 41), scores([True] * 600, 42).tolist())
    kept.add(rows)
    kept.label(rows, ["benign"] * 600)
    kept.add(usual(300, 44, since=TUESDAY))
    plain = kept.case.plain()
    plain["monitoring"]["store"] = object_store.url("monitoring")
    case = UseCase.of(plain)
    store = MonitoringStore(case.monitoring.store)
    remote = uploaded(kept, object_store)

    def look(hours: float) -> list[Verdict]:
        now = MONDAY + timedelta(hours=hours)
        return check_store(case, remote, store, lambda version: reference, now).verdicts

    first, again = look(30), look(31)

    assert [(each.status, each.rows, each.provisional) for each in first] == [
        ("drifted", 600, False),
        ("quiet", 300, True),
    ]
    assert [each.provisional for each in again] == [True]
    assert store.verdicts() == first[:1]
    assert first[0].performance is not None
    written = object_store.objects("monitoring/")
    assert {"open.json", METRICS, "seen.json", "windows/20260907T000000Z.json"} <= {*written}
    assert "reports/20260907T000000Z.html" in written


def uploaded(kept: Captured, objects: ObjectStore) -> str:
    """The captured rows as an object store has them."""
    target = Store(objects.url("captured"))
    for path in Path(kept.location).rglob("*.parquet"):
        target.write(str(path.relative_to(kept.location)), path.read_bytes())
    return target.location
