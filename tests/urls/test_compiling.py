"""Kernels compile with a cache on disk, and without one."""

from __future__ import annotations

import pytest
from numba import int64
from numba.core import caching

from switchyard.urls.compiling import compiled


def test_a_disk_that_cannot_be_written_does_not_stop_compiling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])

    @compiled(int64(int64))
    def doubled(number: int) -> int:
        return 2 * number

    assert doubled(21) == 42
