from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from switchyard.capture import reading

Make = Callable[..., Any]
DAY_NS = 86_400 * 10**9


def urls_of(kept: Any) -> list[str]:
    return sorted(reading.predictions(kept.store)["url"].to_pylist())


def test_days_past_retention_are_deleted_whole(
    service: Make, days_ago: Callable[[float], None]
) -> None:
    kept = service(retention_days=7)
    for days in (30, 8.5, 7.5, 0):
        days_ago(days)
        kept.fill(f"{days}.example")
    kept.compactor().run_once()
    oldest = datetime.now(UTC) - timedelta(days=7)
    expected = [
        f"{days}.example"
        for days in (0, 7.5, 8.5)
        if (datetime.now(UTC) - timedelta(days=days)).date() >= oldest.date()
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


def test_damaged_segments_do_not_fill_the_disk(service: Make) -> None:
    kept = service(max_spool_mb=0.01)
    aside = kept.settings.spool / "corrupt"
    aside.mkdir(parents=True)
    for age in range(4):
        (aside / f"{age}.segment").write_bytes(b"x" * 1000)
        os.utime(aside / f"{age}.segment", ns=(0, int(datetime.now(UTC).timestamp() - age) * 10**9))
    kept.compactor().retire()
    assert sorted(path.name for path in aside.iterdir()) == ["0.segment", "1.segment"]


def test_drafts_of_killed_compactors_are_swept_but_not_those_under_way(filled: Any) -> None:
    filled.compactor().run_once()
    drafts = Path(filled.store, "drafts")
    for name, age_days in (("old", 2), ("new", 0)):
        (drafts / name).write_bytes(b"half")
        moment = datetime.now(UTC).timestamp() - age_days * 86_400
        os.utime(drafts / name, (moment, moment))
    filled.compactor().retire()
    assert [path.name for path in drafts.iterdir()] == ["new"]


def test_a_damaged_segment_that_another_compactor_deletes_first_is_passed_over(
    service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = service()
    aside = kept.settings.spool / "corrupt"
    aside.mkdir(parents=True)
    (aside / "gone.seg").write_bytes(b"x")
    glob = Path.glob

    def late(self: Path, pattern: str) -> list[Path]:
        found = list(glob(self, pattern))
        if self == aside:
            for each in found:
                each.unlink()
        return found

    monkeypatch.setattr(Path, "glob", late)

    assert kept.compactor().retire() == 0
