"""How kernels are compiled: once, for one signature, kept on disk, without the interpreter lock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import int64, njit, types, uint8

Function = TypeVar("Function", bound=Callable[..., Any])

bytes_ = types.Array(uint8, 1, "C", readonly=True)
"""Signature of bytes that are only read, as arrow's buffers are."""

offsets_ = types.Array(int64, 1, "C", readonly=True)
"""Signature of offsets that are only read."""

CORE = Path(__file__).resolve().parents[1]
ROOMS = ("models", "text", "urls")


def compiled(signature: Any) -> Callable[[Function], Function]:
    """Decorator: the function compiled for `signature`, from the cache if it is there.

    A cached kernel is taken only while every file of the rooms with kernels is what it was: they
    call one another across files, and numba itself looks at a kernel's own file alone. Where no
    folder can be written (a container with a read-only disk and no NUMBA_CACHE_DIR) each process
    compiles anew.
    """

    def decorate(function: Function) -> Function:
        kernel = njit(nogil=True)(function)
        try:
            kernel.enable_caching()
        except RuntimeError:  # numba's "cannot cache function: no locator available"
            pass
        else:
            kernel._cache._cache_file._source_stamp = sources()
        kernel.compile(signature)
        kernel.disable_compile()
        return cast("Function", kernel)

    return decorate


@cache
def sources() -> str:
    """Digest of the source of every room that holds kernels."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((CORE / room).glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
