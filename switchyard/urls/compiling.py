"""How kernels are compiled: once, for one signature, kept on disk, without the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import int64, njit, types, uint8

Function = TypeVar("Function", bound=Callable[..., Any])

bytes_ = types.Array(uint8, 1, "C", readonly=True)
"""Signature of bytes that are only read, as arrow's buffers are."""

offsets_ = types.Array(int64, 1, "C", readonly=True)
"""Signature of offsets that are only read."""


def compiled(signature: Any) -> Callable[[Function], Function]:
    """Decorator: the function compiled for `signature`, from the cache if it is there.

    The cache knows a kernel's own file only: after a change to a kernel that others in other files
    call, their cached code is stale until `__pycache__` is removed. Where no folder can be written
    (a container with a read-only disk and no NUMBA_CACHE_DIR) each process compiles anew.
    """

    def decorate(function: Function) -> Function:
        try:
            kernel = njit(signature, cache=True, nogil=True)(function)
        except RuntimeError:  # numba's "cannot cache function: no locator available"
            kernel = njit(signature, nogil=True)(function)
        return cast("Function", kernel)

    return decorate
