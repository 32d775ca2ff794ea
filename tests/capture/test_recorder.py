from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from switchyard.capture import reading, request_ids
from switchyard.capture.recorder import Recorder, SpoolFull, UnknownRequest
from switchyard.capture.request_ids import RequestIds
from switchyard.errors import PlatformError, RequestError

Make = Callable[..., Any]


def rows(service: Any) -> list[dict[str, Any]]:
    for recorder in service.opened:
        recorder.close()
    service.compactor().run_once()
    return list(reading.predictions(service.store).to_pylist())


def until(condition: Callable[[], bool]) -> None:
    """Wait for the journal's thread; fails after five seconds."""
    pause = Event()
    for _ in range(500):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def test_a_prediction_is_kept_with_all_that_is_known_of_it(service: Make) -> None:
    kept = service()
    request_id = kept.predict(kept.recorder(), "a.example/x?y=1", "b.example")

    found = rows(kept)

    time = found[0].pop("time")
    assert time == found[1].pop("time")
    constant = {
        "request_id": request_id,
        "label": "phishing",
        "threshold": 0.4,
        "model_version": "3",
        "data_digest": "d" * 64,
        "synthetic": True,
    }
    assert found == [
        constant | {"instance": 0, "url": "a.example/x?y=1", "score": 0.9},
        constant | {"instance": 1, "url": "b.example", "score": 0.9 + 1e-9},
    ]


@pytest.mark.parametrize(
    "held",
    [list, tuple, pa.array, lambda urls: np.array(urls, object)],
    ids=["list", "tuple", "arrow", "numpy"],
)
def test_columns_are_kept_as_predictions_are(service: Make, held: Any) -> None:
    kept = service()
    recorder = kept.recorder()
    recorder.columns(
        recorder.issue(2), {"url": held(["a.example", "é.example"])}, ["x", "y"], [0.1, 0.7]
    )
    assert [
        (r["instance"], r["url"], r["label"], r["score"], r["threshold"], r["model_version"])
        for r in rows(kept)
    ] == [(0, "a.example", "x", 0.1, 0.4, "3"), (1, "é.example", "y", 0.7, 0.4, "3")]


def test_half_a_character_in_a_column_is_replaced(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    recorder.columns(recorder.issue(1), {"url": ["a\ud800b"]}, ["x"], [0.5])
    assert rows(kept)[0]["url"] == "a\ufffdb"


def test_redacted_and_dropped_inputs_never_reach_the_disk(service: Make) -> None:
    kept = service(redact=["query", "userinfo"], drop=["note"])
    recorder = kept.recorder()
    url = "https://joe:pw@a.example/p?token=sesame"
    request_id = recorder.issue(1)
    body = b'{"instances":[{"url":"%s","note":"sesame"}]}' % url.encode()
    recorder.prediction(
        request_id,
        body,
        b'{"model_version":"3","threshold":0.4,"predictions":[{"label":"x","score":0.5}]}',
    )
    recorder.columns(recorder.issue(1), {"url": [url], "note": ["sesame"]}, ["x"], [0.5])

    written = b"".join(path.read_bytes() for path in kept.segments)
    assert b"a.example" in written
    assert b"sesame" not in written
    assert b"joe" not in written
    found = rows(kept)
    assert {row["url"] for row in found} == {"https://*@a.example/p?token=*"}
    assert {row["note"] for row in found} == {None}


def test_only_the_sample_is_written(service: Make) -> None:
    kept = service(sample=0.3)
    recorder = kept.recorder()
    issued = [kept.predict(recorder, "a.example") for _ in range(200)]
    recorder.columns(b"N" * 40, {"url": ["b.example"]}, ["x"], [0.5])

    found = {row["request_id"] for row in rows(kept)}

    assert found == {request_id for request_id in issued if request_id.startswith("K")}
    assert recorder.records == len(found)
    assert 20 < len(found) < 110


def test_nothing_is_kept_and_no_spool_made_when_capture_is_off(service: Make) -> None:
    kept = service(enabled=False)
    recorder = kept.recorder()
    request_id = kept.predict(recorder, "a.example")
    recorder.tick()
    assert not kept.settings.spool.exists()
    assert (recorder.records, recorder.spool_bytes) == (0, 0)
    with pytest.raises(UnknownRequest, match="not among those that are kept"):
        recorder.feedback(request_id, 0, "phishing")


def test_a_segment_is_sealed_when_it_is_old_enough(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    kept.predict(recorder, "a.example")

    def moved() -> bool:
        recorder.tick()
        return bool(kept.compactor().run_once())

    until(moved)
    assert kept.predict(recorder, "b.example").startswith("K")
    assert len(rows(kept)) == 2


def test_an_empty_segment_is_not_sealed(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    until(lambda: len(kept.segments) == 2)
    before = kept.segments
    recorder.tick()
    recorder.tick()
    assert kept.segments == before


def test_a_record_larger_than_a_segment_is_kept(service: Make) -> None:
    kept = service(max_spool_mb=4)
    recorder = kept.recorder()
    kept.predict(recorder, "small.example")
    kept.predict(recorder, "large.example/" + "x" * 1_000_000)
    kept.predict(recorder, "last.example")
    assert [len(row["url"]) for row in rows(kept)] == [13, 1_000_014, 12]


def test_closing_twice_is_closing_and_leaves_no_empty_segment(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    recorder.close()
    recorder.close()
    assert kept.segments == []
    with pytest.raises(SpoolFull, match="closed"):
        kept.predict(recorder, "a.example")


def fill(kept: Any, recorder: Recorder) -> int:
    """Predict until the spool refuses; returns how many were kept."""
    for kept_so_far in range(100_000):
        try:
            kept.predict(recorder, "a.example/" + "x" * 2000)
        except SpoolFull:
            return kept_so_far
    raise AssertionError("the spool has no bound")


def test_the_spool_stays_within_its_bound_for_all_processes(service: Make) -> None:
    kept = service(max_spool_mb=0.5)
    one, other = kept.recorder(), kept.recorder()

    written = fill(kept, one) + fill(kept, other)

    assert 100 < written < 250
    assert sum(path.stat().st_size for path in kept.segments) <= 500_000
    until(lambda: one.spool_bytes > 300_000)
    late = kept.recorder()
    fill(kept, late)
    with pytest.raises(SpoolFull, match="max_spool_mb"):
        kept.predict(late, "a.example/" + "x" * 2000)


def test_a_full_spool_takes_again_when_it_was_compacted(service: Make) -> None:
    kept = service(max_spool_mb=0.2)
    recorder = kept.recorder()
    written = fill(kept, recorder)
    compactor = kept.compactor()

    def again() -> bool:
        compactor.run_once()
        recorder.tick()
        try:
            kept.predict(recorder, "again.example")
        except SpoolFull:
            return False
        return True

    until(again)
    found = rows(kept)
    assert len(found) == written + 1
    assert found[-1]["url"] == "again.example"


def test_a_full_disk_refuses_predictions_and_then_takes_them(
    service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = service(max_spool_mb=1)
    recorder = kept.recorder()
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        written = fill(kept, recorder)
        with pytest.raises(SpoolFull, match=r"disk .* is full"):
            kept.predict(recorder, "a.example/" + "x" * 2000)
        with pytest.raises(SpoolFull, match=r"disk .* is full"):
            kept.predict(recorder, "a.example/" + "x" * 200_000)
        late = kept.recorder()
        with pytest.raises(SpoolFull):
            kept.predict(late, "a.example")

    def again() -> bool:
        recorder.tick()
        try:
            kept.predict(recorder, "again.example")
        except SpoolFull:
            return False
        return True

    until(again)
    assert len(rows(kept)) == written + 1


def test_a_spool_that_cannot_be_made_is_a_platform_error(service: Make, tmp_path: Path) -> None:
    kept = service()
    kept.settings.spool.parent.mkdir(parents=True)
    kept.settings.spool.write_text("in the way")
    with pytest.raises(PlatformError, match=r"cannot be written.*state_dir"):
        kept.recorder()


def labels(kept: Any) -> list[tuple[str, int, str]]:
    for recorder in kept.opened:
        recorder.close()
    kept.compactor().run_once()
    return [
        (row["request_id"], row["instance"], row["label"])
        for row in reading.feedback(kept.store).to_pylist()
    ]


def test_feedback_is_kept_under_its_instance(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    request_id = kept.predict(recorder, "a.example", "b.example")
    recorder.feedback(request_id, 1, "benign")
    assert labels(kept) == [(request_id, 1, "benign")]


def test_repeated_feedback_is_one_and_of_contradicting_labels_the_last_counts(
    service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = service()
    recorder = kept.recorder()
    request_id = kept.predict(recorder, "a.example")
    for clock, label in enumerate(["phishing", "benign", "benign", "phishing"]):
        # The clock is set back by an hour before each.
        monkeypatch.setattr("time.time_ns", lambda back=clock: (1_800_000 - 3600 * back) * 10**9)
        recorder.feedback(request_id, 0, label)
    assert labels(kept) == [(request_id, 0, "phishing")]


def test_feedback_is_on_the_disk_before_it_is_confirmed(
    service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = service()
    recorder = kept.recorder()
    request_id = kept.predict(recorder, "a.example")
    synced: list[bytes] = []
    real = os.fdatasync

    def note(descriptor: int) -> None:
        synced.append(os.pread(descriptor, 1 << 16, 0))
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", note)
    recorder.feedback(request_id, 0, "benign")
    assert b'"benign"' in synced[0]


def test_feedback_is_refused_for_ids_that_were_never_issued(service: Make) -> None:
    recorder = service().recorder()
    forged = RequestIds(b"another key of ours", 1.0).issue(1).decode()
    for unknown in ("", "nonsense", forged, "é" * 40):
        with pytest.raises(UnknownRequest, match="not issued here"):
            recorder.feedback(unknown, 0, "benign")


@pytest.mark.parametrize("instance", [-1, 2])
def test_feedback_names_an_instance_that_does_not_exist(service: Make, instance: int) -> None:
    kept = service()
    recorder = kept.recorder()
    request_id = kept.predict(recorder, "a.example", "b.example")
    with pytest.raises(RequestError, match=f"instance {instance} does not exist") as caught:
        recorder.feedback(request_id, instance, "benign")
    assert not isinstance(caught.value, UnknownRequest)


def test_feedback_comes_too_late_after_retention(
    service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = service(retention_days=2)
    recorder = kept.recorder()
    real = time.time_ns
    day = 86_400 * 10**9
    monkeypatch.setattr(request_ids, "time_ns", lambda: real() - 3 * day)
    old = kept.predict(recorder, "a.example")
    monkeypatch.setattr(request_ids, "time_ns", lambda: real() + 3 * day)
    ahead = kept.predict(recorder, "a.example")

    with pytest.raises(UnknownRequest, match="older than 2 days"):
        recorder.feedback(old, 0, "benign")
    recorder.feedback(ahead, 0, "benign")  # the clock was set back since: no reason to refuse


def test_an_id_of_one_process_is_good_for_the_others(service: Make) -> None:
    kept = service()
    request_id = kept.predict(kept.recorder(), "a.example")
    kept.recorder().feedback(request_id, 0, "benign")
    assert len(labels(kept)) == 1


def test_a_label_that_no_segment_holds_is_refused(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    with pytest.raises(SpoolFull, match="too long"):
        recorder.feedback(kept.predict(recorder, "a.example"), 0, "x" * 100_000)
