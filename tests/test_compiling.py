"""Kernels compile with a cache on disk, and without one."""

from __future__ import annotations

import errno

import pytest
from numba import int64
from numba.core import caching

from switchyard import compiling
from switchyard.compiling import compiled


def test_a_disk_that_cannot_be_written_does_not_stop_compiling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])

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

    def refuse(**where: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    hits()
    monkeypatch.setattr(caching.tempfile, "TemporaryFile", refuse)

    assert hits() == 1


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
