from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest

from switchyard.capture import reading
from switchyard.capture.recorder import Recorder, SpoolFull

Make = Callable[..., Any]


def moved(kept: Any) -> list[dict[str, Any]]:
    kept.move()
    return list(reading.predictions(kept.store).to_pylist())


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
    kept.until(lambda: one.spool_bytes > 300_000)
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

    kept.until(again)
    found = moved(kept)
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

    kept.until(again)
    assert len(moved(kept)) == written + 1
