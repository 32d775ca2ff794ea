from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from switchyard.capture import reading, request_ids
from switchyard.capture.recorder import SpoolFull, UnknownRequest
from switchyard.capture.request_ids import RequestIds
from switchyard.errors import RequestError

Make = Callable[..., Any]


def labels(kept: Any) -> list[tuple[str, int, str]]:
    kept.move()
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
    with pytest.raises(RequestError, match="100,000 characters"):
        recorder.feedback(kept.predict(recorder, "a.example"), 0, "x" * 100_000)


def test_a_closed_recorder_refuses_feedback(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    request_id = kept.predict(recorder, "a.example")
    recorder.close()
    with pytest.raises(SpoolFull, match="closed"):
        recorder.feedback(request_id, 0, "benign")


def test_feedback_is_sealed_when_it_is_old_enough(service: Make) -> None:
    kept = service()
    recorder = kept.recorder()
    request_id = kept.predict(recorder, "a.example")
    recorder.feedback(request_id, 0, "benign")

    def moved() -> bool:
        recorder.tick()
        kept.compactor().run_once()
        return bool(reading.feedback(kept.store).num_rows)

    kept.until(moved)


def test_feedback_on_a_full_disk_is_refused(service: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = service()
    recorder = kept.recorder()
    request_id = kept.predict(recorder, "a.example")
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(SpoolFull, match=r"disk .* is full"):
        recorder.feedback(request_id, 0, "benign")
