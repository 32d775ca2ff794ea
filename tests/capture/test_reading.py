from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.capture import reading
from switchyard.errors import PlatformError, RequestError

Make = Callable[..., Any]
DAY_NS = 86_400 * 10**9


def test_feedback_joins_the_prediction_it_is_about(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    request_id = kept.predict(recorder, "a.example", "b.example")
    kept.predict(recorder, "c.example")
    recorder.feedback(request_id, 1, "phishing")
    recorder.feedback(request_id, 1, "benign")
    recorder.close()
    kept.compactor().run_once()

    found = reading.labelled(kept.store).to_pylist()

    assert [(row["url"], row["label"], row["true_label"]) for row in found] == [
        ("b.example", "phishing", "benign")
    ]
    assert found[0]["labelled_at"] >= found[0]["time"]


def test_a_window_holds_its_beginning_but_not_its_end(
    service: Make, days_ago: Callable[[float], None]
) -> None:
    kept = service()
    recorder = kept.recorder()
    for hours_ago in range(60):
        days_ago(hours_ago / 24)
        kept.predict(recorder, f"{hours_ago:02d}.example")
    recorder.close()
    kept.compactor().run_once()
    times = reading.predictions(kept.store)["time"].to_pylist()
    assert times == sorted(times)

    found = reading.predictions(kept.store, since=times[10], until=times[50])["time"].to_pylist()

    assert found == times[10:50]


def test_reading_an_empty_store_gives_empty_tables(service: Make) -> None:
    store = service().store
    assert reading.predictions(store).num_rows == 0
    assert reading.feedback(store).num_rows == 0
    assert "true_label" in reading.labelled(store).schema.names


def test_a_time_without_a_zone_is_refused(service: Make) -> None:
    with pytest.raises(RequestError, match="no time zone"):
        reading.predictions(service().store, since=datetime(2026, 1, 1))


def test_an_input_that_became_text_is_text_in_all_rows(service: Make) -> None:
    kept = service()
    for value in ("text", 7):
        recorder = kept.recorder()
        recorder.columns(recorder.issue(1), {"size": [value]}, ["x"], [0.5])
        recorder.close()
    kept.compactor().run_once()
    assert set(reading.predictions(kept.store)["size"].to_pylist()) == {"text", "7"}


def test_an_input_that_changed_to_what_cannot_be_text_is_told(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    recorder.columns(recorder.issue(1), {"size": ["text"]}, ["x"], [0.5])
    recorder.close()
    kept.compactor().run_once()
    (path,) = Path(kept.store, "predictions").rglob("*.parquet")
    table = pq.ParquetFile(path).read()
    place = table.schema.get_field_index("size")
    other = table.set_column(place, "size", pa.array([[7]]))
    pq.write_table(other, path.with_name("other.parquet"))
    with pytest.raises(PlatformError, match="changed its type"):
        reading.predictions(kept.store)


def test_a_damaged_file_of_the_store_is_named(filled: Any) -> None:
    filled.compactor().run_once()
    file = next(Path(filled.store).rglob("*.parquet"))
    file.write_bytes(b"PAR1 rubbish")
    with pytest.raises(PlatformError, match=file.name):
        reading.predictions(filled.store)


def test_rows_with_and_without_an_input_are_read_together(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    recorder.columns(recorder.issue(1), {"url": ["a.example"], "label": [1]}, ["x"], [0.5])
    recorder.columns(recorder.issue(1), {"url": ["b.example"]}, ["x"], [0.5])
    recorder.close()
    kept.compactor().run_once()
    found = reading.predictions(kept.store).select(["url", "input_label", "label"]).to_pylist()
    assert found == [
        {"url": "a.example", "input_label": 1.0, "label": "x"},
        {"url": "b.example", "input_label": None, "label": "x"},
    ]


def test_a_damaged_file_is_skipped_where_somebody_is_told_of_it(service: Make) -> None:
    kept = service()
    for name in ("a.example", "b.example"):
        recorder = kept.recorder()
        kept.predict(recorder, name)
        recorder.close()
        kept.compactor().run_once()
    file = sorted(Path(kept.store).rglob("*.parquet"))[0]
    file.write_bytes(b"PAR1 rubbish PAR1")
    told: list[PlatformError] = []

    found = reading.predictions(kept.store, damaged=told.append)

    assert found.num_rows == 1
    assert [file.name in str(error) for error in told] == [True]


def test_a_damaged_file_of_the_day_after_is_no_matter_of_a_window(
    service: Make, days_ago: Callable[[float], None]
) -> None:
    kept = service()
    for days in (1, 0):
        days_ago(days)
        recorder = kept.recorder()
        kept.predict(recorder, f"{days}.example")
        recorder.close()
        kept.compactor().run_once()
    files = sorted(Path(kept.store).rglob("*.parquet"))
    files[1].write_bytes(b"PAR1 rubbish PAR1")
    midnight = datetime.fromisoformat(files[1].parent.name.removeprefix("date="))
    told: list[PlatformError] = []

    found = reading.predictions(kept.store, until=midnight.replace(tzinfo=UTC), damaged=told.append)

    assert found["url"].to_pylist() == ["1.example"]
    assert told == []


def test_a_file_that_cannot_be_reached_is_not_taken_for_a_damaged_one(
    filled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.compactor().run_once()

    def fail(*given: Any, **more: Any) -> None:
        raise OSError("the network is down")

    from fsspec.implementations.local import LocalFileSystem

    monkeypatch.setattr(LocalFileSystem, "open", fail)
    with pytest.raises(PlatformError, match="network is down"):
        reading.predictions(filled.store, damaged=lambda error: None)


def test_only_the_columns_asked_for_are_read(filled: Any) -> None:
    filled.compactor().run_once()
    found = reading.predictions(filled.store, columns=("url", "score", "no such column"))
    assert set(found.column_names) == {"url", "score", "time"}
    assert found.num_rows == 3


def test_the_time_of_the_oldest_row(service: Make, days_ago: Callable[[float], None]) -> None:
    kept = service()
    assert reading.first_time(kept.store) is None
    recorder = kept.recorder()
    for days in (1, 3, 2):
        days_ago(days)
        kept.predict(recorder, "a.example")
    recorder.close()
    kept.compactor().run_once()
    assert reading.first_time(kept.store) == reading.predictions(kept.store)["time"][0].as_py()


def test_a_column_of_two_types_is_text_in_all_rows() -> None:
    number = pa.table({"a": pa.array([5.0, 0.25, None]), "b": [1, 2, 3]})
    text = pa.table({"a": pa.array(["red", None], pa.string()), "c": ["x", "y"]})
    found = reading.together([number, text, pa.table({"a": pa.nulls(1)})])
    assert found["a"].to_pylist() == ["5", "0.25", None, "red", None, None]
    assert found["b"].to_pylist() == [1, 2, 3, None, None, None]
    assert found.schema.field("b").type == pa.int64()
    for tables in ([text, number], [number, text]):
        assert reading.together(tables)["a"].type == pa.string()
