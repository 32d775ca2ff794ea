"""Kernels compile with a cache on disk, and without one."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from numba import int64
from numba.core import caching

from switchyard import compiling
from switchyard.compiling import compiled


def test_a_disk_that_cannot_be_written_does_not_stop_compiling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiling._Places, "_locator_classes", ())

    @compiled(int64(int64))
    def doubled(number: int) -> int:
        return 2 * number

    assert doubled(21) == 42


def test_kernels_beside_their_sources_are_read_from_a_disk_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hits() -> int:
        @compiled(int64(int64))
        def quadrupled(number: int) -> int:
            return 4 * number

        assert quadrupled(2) == 8
        return sum(quadrupled.stats.cache_hits.values())

    def refuse(*what: object, **where: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    hits()
    monkeypatch.setattr(caching.tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(caching.IndexDataCacheFile, "save", refuse)

    assert hits() == 1


def test_what_cannot_be_kept_does_not_stop_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*what: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", refuse)
    monkeypatch.setattr(compiling, "sources", lambda: "never seen")

    @compiling.compiled(int64(int64))
    def fivefold(number: int) -> int:
        return 5 * number

    assert fivefold(2) == 10


def test_kernels_lie_beside_their_sources_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(caching.config, "CACHE_DIR", str(tmp_path))

    @compiled(int64(int64))
    def sixfold(number: int) -> int:
        return 6 * number

    assert Path(sixfold.stats.cache_path) == Path(__file__).parent / "__pycache__"
    assert list(tmp_path.iterdir()) == []


def test_a_change_in_any_room_with_kernels_compiles_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def hits(stamp: str) -> int:
        monkeypatch.setattr(compiling, "sources", lambda: stamp)

        @compiling.compiled(int64(int64))
        def tripled(number: int) -> int:
            return 3 * number

        assert tripled(2) == 6
        return sum(tripled.stats.cache_hits.values())

    first = hits("as it was"), hits("as it was")

    assert first[1] == 1
    assert hits("changed") == 0
