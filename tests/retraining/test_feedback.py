"""Feedback is archived for good, and becomes rows that can be learnt from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.capture import request_ids
from switchyard.configuration.model import Data, Definition, Sample, Source
from switchyard.data.cleaning import clean
from switchyard.data.loading import load
from switchyard.errors import PlatformError
from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining.archives import archive, gather
from switchyard.retraining.feedback import learnable, snapshot
from tests.capture.conftest import Service
from tests.labels import PHISHING

NOW = datetime.now(UTC)


@pytest.fixture
def captured(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path / "state")
    yield made
    for recorder in made.opened:
        recorder.close()


@pytest.fixture
def store(tmp_path: Path) -> MonitoringStore:
    return MonitoringStore(str(tmp_path / "monitoring"))


@pytest.fixture
def ask(captured: Service, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Asks for URLs so many days ago; labels: the true ones, by the place of the URL."""

    def asked(*urls: str, labels: dict[int, str], days: float = 0.0) -> str:
        moment = int((NOW - timedelta(days=days)).timestamp() * 10**9)
        with monkeypatch.context() as patch:
            patch.setattr(request_ids, "time_ns", lambda: moment)
            recorder = captured.recorder()
            request_id = captured.predict(recorder, *urls)
        for place, label in labels.items():
            recorder.feedback(request_id, place, label)
        captured.move()
        return request_id

    return asked


def labels_of(rows: pa.Table) -> dict[str, str]:
    return dict(zip(rows["url"].to_pylist(), rows["label"].to_pylist(), strict=True))


def test_labelled_rows_are_archived_once(
    captured: Service, store: MonitoringStore, ask: Callable[..., str]
) -> None:
    ask("a.example", "b.example", labels={0: "phishing"})

    assert gather(store, captured.store).added == 1
    assert gather(store, captured.store).added == 0
    assert labels_of(archive(store)) == {"a.example": "phishing"}


def test_what_the_prediction_store_forgot_stays(
    captured: Service, store: MonitoringStore, ask: Callable[..., str]
) -> None:
    ask("a.example", labels={0: "phishing"}, days=3)
    gather(store, captured.store)

    shutil.rmtree(captured.store)
    ask("b.example", labels={0: "benign"})

    assert gather(store, captured.store).rows == 2
    assert labels_of(archive(store)) == {"a.example": "phishing", "b.example": "benign"}


def test_the_label_given_last_counts_also_when_the_prediction_is_gone(
    captured: Service, store: MonitoringStore, ask: Callable[..., str]
) -> None:
    request_id = ask("a.example", labels={0: "phishing"})
    gather(store, captured.store)
    shutil.rmtree(Path(captured.store) / "predictions")
    captured.recorder().feedback(request_id, 0, "benign")
    captured.move()

    told = gather(store, captured.store)

    assert (told.added, told.changed) == (0, 1)
    assert labels_of(archive(store)) == {"a.example": "benign"}


def test_a_label_waits_for_its_prediction(
    captured: Service, store: MonitoringStore, ask: Callable[..., str]
) -> None:
    ask("a.example", labels={0: "phishing"})
    predictions = Path(captured.store) / "predictions"
    predictions.rename(predictions.with_name("later"))

    assert gather(store, captured.store).waiting == 1
    predictions.with_name("later").rename(predictions)
    assert gather(store, captured.store).added == 1


def test_a_run_that_was_killed_between_two_days_loses_nothing(
    captured: Service,
    store: MonitoringStore,
    ask: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for days in (3, 2, 1):
        ask(f"day{days}.example", labels={0: "phishing"}, days=days)
    write = store.write
    written: list[str] = []

    def killed(path: str, content: bytes) -> None:
        if written:
            raise PlatformError("killed")
        written.append(path)
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(store, "write", killed)
        with pytest.raises(PlatformError):
            gather(store, captured.store)

    assert archive(store).num_rows == 1
    assert gather(store, captured.store).added == 2
    assert archive(store).num_rows == 3


def test_a_dry_run_counts_and_writes_nothing(
    captured: Service, store: MonitoringStore, ask: Callable[..., str]
) -> None:
    ask("a.example", labels={0: "phishing"})

    assert gather(store, captured.store, dry_run=True).added == 1
    assert archive(store).num_rows == 0


def test_rows_that_training_would_reject_are_left_out(
    captured: Service, store: MonitoringStore, ask: Callable[..., str]
) -> None:
    ask("a.example", "", "b.example", labels={0: "phishing", 1: "benign", 2: "who knows"})
    gather(store, captured.store)

    found = learnable(archive(store), Data(), Definition(labels=PHISHING))

    assert found["url"].to_pylist() == ["a.example"]


def test_a_snapshot_is_named_by_its_content(
    captured: Service, store: MonitoringStore, ask: Callable[..., str]
) -> None:
    ask("a.example", labels={0: "phishing"}, days=3)
    ask("b.example", labels={0: "benign"})
    gather(store, captured.store)
    since = NOW - timedelta(days=1)

    first = snapshot(store, archive(store), since)

    assert snapshot(store, archive(store), since) == first
    assert str(first.sha256) in first.location
    rows = pq.read_table(first.location).to_pylist()
    assert [row["source"] for row in rows] == ["feedback", "recent feedback"]
    assert rows[1]["first_seen"] == f"{NOW:%Y-%m}"
    assert snapshot(store, archive(store), None).location != first.location


def test_feedback_joins_the_sample(store: MonitoringStore) -> None:
    rows = pa.table(
        {
            "url": ["new-one.example/login", "other.example"],
            "label": ["phishing", "benign"],
            "time": pa.array([NOW, NOW], pa.timestamp("us", tz="UTC")),
        }
    )
    source = snapshot(store, rows, NOW)
    data = Data(sample=Sample(rows=500), feedback=(source,))

    loaded = load(data, Definition(labels=PHISHING), 1)
    frame = clean(loaded.raw, data, PHISHING).frame

    assert loaded.provenance.synthetic
    assert [origin.name for origin in loaded.provenance.origins] == ["synthetic sample", "feedback"]
    assert set(frame.loc[frame["source"] == "recent feedback", "url"]) == {
        "new-one.example/login",
        "other.example",
    }


def test_feedback_is_read_whatever_the_columns_of_the_sources_are(
    store: MonitoringStore, tmp_path: Path
) -> None:
    file = tmp_path / "own.csv"
    file.write_text("link,class\na.example,bad\n")
    rows = pa.table(
        {
            "url": ["b.example"],
            "label": ["benign"],
            "time": pa.array([NOW], pa.timestamp("us", tz="UTC")),
        }
    )
    values: dict[str, Any] = {"columns": {"url": ["link"], "label": ["class"]}}
    data = Data.of(values).model_copy(
        update={
            "sources": (Source(location=str(file)),),
            "feedback": (snapshot(store, rows, None),),
        }
    )

    loaded = load(data, Definition(labels=PHISHING), 1)

    assert loaded.raw.rows["url"].to_pylist() == ["a.example", "b.example"]
    assert not loaded.provenance.synthetic
