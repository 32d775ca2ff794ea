from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import fsspec
import pandas as pd
import pytest

from switchyard.capture import compaction, reading, request_ids
from switchyard.capture.compaction import Compactor
from switchyard.capture.segments import PREDICTION, Segment, packed
from switchyard.errors import PlatformError, RequestError

Make = Callable[..., Any]
DAY_NS = 86_400 * 10**9


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def filled(service: Make) -> Any:
    """A service whose spool holds one sealed segment of three predictions."""
    return fill(service())


def fill(kept: Any, *urls: str) -> Any:
    recorder = kept.recorder()
    for url in urls or ("a.example", "b.example", "c.example"):
        kept.predict(recorder, url)
    recorder.close()
    return kept


def urls_of(kept: Any) -> list[str]:
    return sorted(reading.predictions(kept.store)["url"].to_pylist())


def at(monkeypatch: pytest.MonkeyPatch, days_ago: float) -> None:
    moment = int(datetime.now(UTC).timestamp() * 1e9) - int(days_ago * DAY_NS)
    monkeypatch.setattr(request_ids, "time_ns", lambda: moment)


def test_pandas_reads_the_store_by_date(filled: Any) -> None:
    filled.compactor().run_once()
    frame = pd.read_parquet(f"{filled.store}/predictions")
    assert sorted(frame["url"]) == ["a.example", "b.example", "c.example"]
    assert frame["date"].astype(str).tolist() == [str(t.date()) for t in frame["time"]]
    assert str(frame["time"].dtype) == "datetime64[us, UTC]"
    assert {str(frame[name].dtype) for name in ("score", "threshold")} == {"float64"}
    assert str(frame["instance"].dtype) == "int32"
    assert frame["synthetic"].dtype == bool


def test_moving_tells_how_many_rows_and_leaves_no_segment(filled: Any) -> None:
    assert filled.compactor().run_once() == 3
    assert filled.segments == []
    assert filled.compactor().run_once() == 0


def test_a_service_that_never_ran_has_nothing_to_move(service: Make) -> None:
    kept = service()
    assert kept.compactor().run_once() == 0
    assert kept.compactor().retire() == 0


def test_a_segment_over_midnight_goes_to_both_days(
    service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = service()
    recorder = kept.recorder()
    for days_ago, url in ((1, "yesterday.example"), (0, "today.example")):
        at(monkeypatch, days_ago)
        kept.predict(recorder, url)
    recorder.close()

    kept.compactor().run_once()

    folders = sorted(Path(kept.store, "predictions").iterdir())
    today = datetime.now(UTC).date()
    assert [folder.name for folder in folders] == [
        f"date={today - timedelta(days=1)}",
        f"date={today}",
    ]
    assert urls_of(kept) == ["today.example", "yesterday.example"]


def test_a_clock_set_back_loses_nothing(service: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = service()
    recorder = kept.recorder()
    issued = []
    for days_ago in (0, 0.5, 2, 1):
        at(monkeypatch, days_ago)
        issued.append(kept.predict(recorder, f"{days_ago}.example"))
    recorder.close()
    assert kept.compactor().run_once() == 4
    assert kept.compactor().retire() == 0
    assert len(set(issued)) == 4
    assert [url.split(".ex")[0] for url in reading.predictions(kept.store)["url"].to_pylist()] == [
        "2",
        "1",
        "0.5",
        "0",
    ]


def test_a_store_in_an_object_store(service: Make) -> None:
    kept = service(store="memory://captured/phishing")
    recorder = kept.recorder()
    recorder.feedback(kept.predict(recorder, "a.example"), 0, "benign")
    recorder.close()
    assert kept.compactor().run_once() == 2
    assert urls_of(kept) == ["a.example"]
    assert reading.feedback(kept.store)["label"].to_pylist() == ["benign"]
    files = fsspec.filesystem("memory")
    assert all(path.endswith(".parquet") for path in files.find("/captured"))
    files.rm("/captured", recursive=True)


def test_a_store_given_as_a_file_address(service: Make, tmp_path: Path) -> None:
    kept = fill(service(store=f"file://{tmp_path}/elsewhere"))
    kept.compactor().run_once()
    assert len(pd.read_parquet(tmp_path / "elsewhere" / "predictions")) == 3


@pytest.mark.parametrize("when", ["before the file", "after the file"])
def test_a_compactor_killed_half_way_loses_and_doubles_nothing(
    filled: Any, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def die(*_: object, **__: object) -> None:
        raise Killed

    name = "pathlib.Path.unlink" if when == "after the file" else "pathlib.Path.replace"
    with monkeypatch.context() as patch:
        patch.setattr(name, die)
        with pytest.raises(Killed):
            filled.compactor().run_once()

    assert filled.compactor().run_once() == 3
    assert urls_of(filled) == ["a.example", "b.example", "c.example"]


def test_two_compactors_at_once_move_each_row_once(service: Make) -> None:
    kept = service()
    for number in range(30):
        fill(kept, f"{number:02d}.example")
    moved: list[int] = []
    threads = [Thread(target=lambda: moved.append(kept.compactor().run_once())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(moved) == 30
    assert urls_of(kept) == [f"{number:02d}.example" for number in range(30)]


def test_a_segment_that_another_compactor_holds_is_left_to_it(filled: Any) -> None:
    from switchyard.capture.segments import claimed

    with claimed(filled.segments[0]) as held:
        assert held is not None
        assert filled.compactor().run_once() == 0
    assert filled.compactor().run_once() == 3


def test_what_a_writer_holds_is_not_moved(service: Make) -> None:
    kept = service()
    kept.predict(kept.recorder(), "a.example")
    assert kept.compactor().run_once() == 0
    assert kept.segments


def test_a_damaged_record_is_set_aside_and_the_rest_moved(
    filled: Any, caplog: pytest.LogCaptureFixture
) -> None:
    segment = filled.segments[0]
    content = segment.read_bytes()
    segment.write_bytes(content.replace(b"b.example", b"B.example"))
    compactor = filled.compactor()

    assert compactor.run_once() == 2

    assert compactor.damaged == 1
    assert urls_of(filled) == ["a.example", "c.example"]
    assert (filled.settings.spool / "corrupt" / segment.name).exists()
    assert filled.segments == []
    assert "damaged in 1 place" in caplog.text
    assert "example" not in caplog.text


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b'{"instances":[{"url":"x.example"}]}', b'{"predictions":[]}'),
        (b'{"instances":[{"url":"x.example"}]}', b"[]"),
        (b'{"instances":[7]}', b'{"predictions":[{"label":"x","score":0.1}]}'),
        (b"x.example", b"x.example"),
    ],
)
def test_a_record_that_is_none_of_ours_is_damage_too(
    filled: Any, first: bytes, second: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    facts = {"model_version": "3", "data_digest": "d", "synthetic": True, "threshold": None}
    made = Segment.create(filled.settings.spool / "zz.segment", 1 << 14, packed(facts))
    made.append(PREDICTION, b"K" * 40, first, second)
    made.seal()
    assert filled.compactor().run_once() == 3
    assert (filled.settings.spool / "corrupt" / "zz.segment").exists()
    assert "example" not in caplog.text


def test_a_damaged_segment_stops_no_other(service: Make) -> None:
    kept = service()
    kept.settings.spool.mkdir(parents=True)
    (kept.settings.spool / "000.segment").write_bytes(b"rubbish" * 100)
    (kept.settings.spool / "001.segment").write_bytes(bytes(4096))
    fill(kept)
    assert kept.compactor().run_once() == 3
    assert kept.segments == []
    assert [path.name for path in (kept.settings.spool / "corrupt").iterdir()] == ["000.segment"]


def test_damaged_segments_do_not_fill_the_disk(service: Make) -> None:
    kept = service(max_spool_mb=0.01)
    aside = kept.settings.spool / "corrupt"
    aside.mkdir(parents=True)
    for age in range(4):
        (aside / f"{age}.segment").write_bytes(b"x" * 1000)
        os.utime(aside / f"{age}.segment", ns=(0, int(datetime.now(UTC).timestamp() - age) * 10**9))
    kept.compactor().retire()
    assert sorted(path.name for path in aside.iterdir()) == ["0.segment", "1.segment"]


def test_a_store_that_cannot_be_written_is_told_once_and_tried_again(
    filled: Any, caplog: pytest.LogCaptureFixture
) -> None:
    store = Path(filled.store)
    store.parent.mkdir(parents=True, exist_ok=True)
    store.write_text("in the way")
    compactor = filled.compactor()

    assert [compactor.run_once() for _ in range(3)] == [0, 0, 0]
    assert caplog.text.count("cannot be written") == 1
    assert len(filled.segments) == 1

    store.unlink()
    with caplog.at_level(logging.INFO):
        assert compactor.run_once() == 3
    assert "works again" in caplog.text


def test_a_store_that_nothing_reads_is_told_and_keeps_the_segments(
    service: Make, caplog: pytest.LogCaptureFixture
) -> None:
    kept = fill(service(store="nonsense://somewhere"))
    assert kept.compactor().run_once() == 0
    assert "serving.capture.store 'nonsense://somewhere'" in caplog.text
    assert len(kept.segments) == 1


def test_days_past_retention_are_deleted_whole(
    service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = service(retention_days=7)
    for days_ago in (30, 8.5, 7.5, 0):
        at(monkeypatch, days_ago)
        fill(kept, f"{days_ago}.example")
    kept.compactor().run_once()
    oldest = datetime.now(UTC) - timedelta(days=7)
    expected = [
        f"{days_ago}.example"
        for days_ago in (0, 7.5, 8.5)
        if (datetime.now(UTC) - timedelta(days=days_ago)).date() >= oldest.date()
    ]

    assert kept.compactor().retire() == 4 - len(expected)

    assert urls_of(kept) == expected
    assert len(list(Path(kept.store, "predictions").iterdir())) == len(expected)
    assert kept.compactor().retire() == 0


def test_what_is_not_ours_in_the_store_is_left_alone(filled: Any) -> None:
    filled.compactor().run_once()
    stranger = Path(filled.store, "predictions", "date=never")
    stranger.mkdir()
    (stranger / "notes.txt").write_text("mine")
    filled.compactor().retire()
    assert (stranger / "notes.txt").exists()
    assert len(urls_of(filled)) == 3


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
    service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = service()
    recorder = kept.recorder()
    for hours_ago in range(60):
        at(monkeypatch, hours_ago / 24)
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


def test_the_compactor_does_nothing_on_being_made(service: Make) -> None:
    kept = service()
    Compactor(kept.settings)
    assert not kept.settings.state.exists()
    assert compaction.CORRUPT == "corrupt"
