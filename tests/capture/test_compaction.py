from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import fsspec
import pandas as pd
import pytest

from switchyard.capture import reading, spool
from switchyard.capture.compaction import Compactor
from switchyard.capture.segments import PREDICTION, Segment, packed
from switchyard.capture.stores import Store
from switchyard.errors import PlatformError

Make = Callable[..., Any]
DAY_NS = 86_400 * 10**9


class Killed(BaseException):
    """Stands for the end of the process."""


def urls_of(kept: Any) -> list[str]:
    return sorted(reading.predictions(kept.store)["url"].to_pylist())


def test_pandas_reads_the_store_by_date(filled: Any) -> None:
    filled.compactor().run_once()
    frame = pd.read_parquet(f"{filled.store}/predictions")
    assert sorted(frame["url"]) == ["a.example", "b.example", "c.example"]
    assert frame["date"].astype(str).tolist() == [str(t.date()) for t in frame["time"]]
    assert str(frame["time"].dtype) == "datetime64[us, UTC]"
    assert {str(frame[name].dtype) for name in ("score", "threshold")} == {"float64"}
    assert str(frame["instance"].dtype) == "int32"
    assert frame["synthetic"].dtype == bool
    today = str(datetime.now(UTC).date())
    filters = [("date", ">", today)]
    assert len(pd.read_parquet(f"{filled.store}/predictions", filters=filters)) == 0


def test_moving_tells_how_many_rows_and_leaves_no_segment(filled: Any) -> None:
    assert filled.compactor().run_once() == 3
    assert filled.segments == []
    assert filled.compactor().run_once() == 0


def test_a_service_that_never_ran_has_nothing_to_move(service: Make) -> None:
    kept = service()
    assert kept.compactor().run_once() == 0
    assert kept.compactor().retire() == 0


def test_a_segment_over_midnight_goes_to_both_days(
    service: Make, days_ago: Callable[[float], None]
) -> None:
    kept = service()
    recorder = kept.recorder()
    for days, url in ((1, "yesterday.example"), (0, "today.example")):
        days_ago(days)
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


def test_a_clock_set_back_loses_nothing(service: Make, days_ago: Callable[[float], None]) -> None:
    kept = service()
    recorder = kept.recorder()
    issued = []
    for days in (0, 0.5, 2, 1):
        days_ago(days)
        issued.append(kept.predict(recorder, f"{days}.example"))
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
    kept = service(store=f"file://{tmp_path}/elsewhere").fill()
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
        kept.fill(f"{number:02d}.example")
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
    kept.fill()
    assert kept.compactor().run_once() == 3
    assert kept.segments == []
    assert [path.name for path in (kept.settings.spool / "corrupt").iterdir()] == ["000.segment"]


def test_a_service_knows_how_many_segments_are_damaged(service: Make) -> None:
    kept = service().fill()
    (kept.settings.spool / "000.segment").write_bytes(b"rubbish" * 100)
    kept.compactor().run_once()

    recorder = kept.recorder()

    kept.until(lambda: recorder.damaged_segments == 1)


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
    kept = service(store="nonsense://somewhere").fill()
    assert kept.compactor().run_once() == 0
    assert "serving.capture.store 'nonsense://somewhere'" in caplog.text
    assert len(kept.segments) == 1


def test_the_compactor_does_nothing_on_being_made(service: Make) -> None:
    kept = service()
    Compactor(kept.settings)
    assert not kept.settings.state.exists()
    assert spool.CORRUPT == "corrupt"


def test_one_day_that_cannot_be_written_holds_back_no_other(
    service: Make, days_ago: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = service()
    for days, url in ((1, "yesterday.example"), (0, "today.example")):
        days_ago(days)
        recorder = kept.recorder()
        kept.predict(recorder, url)
        recorder.close()
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    put = Store.put

    def refuse(self: Store, kind: str, day: Any, name: str, content: bytes) -> None:
        if day == yesterday:
            raise PlatformError("this folder is not ours")
        put(self, kind, day, name, content)

    monkeypatch.setattr(Store, "put", refuse)
    assert kept.compactor().run_once() == 1
    assert urls_of(kept) == ["today.example"]
