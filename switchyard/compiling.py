"""How kernels are compiled: once, for one signature, kept on disk, without the interpreter lock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba import int64, njit, types, uint8
from numba.core.caching import CompileResultCacheImpl, FunctionCache, InTreeCacheLocator

bytes_ = types.Array(uint8, 1, "C", readonly=True)
"""Signature of bytes that are only read, as arrow's buffers are."""

offsets_ = types.Array(int64, 1, "C", readonly=True)
"""Signature of offsets that are only read."""

CORE = Path(__file__).resolve().parent
ROOMS = ("evaluation", "models", "text", "urls")


def compiled(signature: Any = None) -> Callable[[Callable[..., Any]], Any]:
    """Decorator: the function compiled for `signature`, from the cache if it is there.

    Without a signature it is compiled at the first call, for the types of that call.

    A cached kernel is taken only while every file of the rooms with kernels is what it was: they
    call one another across files, and numba itself looks at a kernel's own file alone. Where no
    folder can be written (a container with a read-only disk), kernels that lie beside their sources
    are read, and what is missing there is compiled by each process anew.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        kernel = njit(nogil=True)(function)
        try:
            kernel.enable_caching()
        except RuntimeError:  # numba's "cannot cache function: no locator available"
            kernel._cache = _Shipped(function)
        kernel._cache._cache_file._source_stamp = sources()
        if signature is not None:
            kernel.compile(signature)
            kernel.disable_compile()
        return kernel

    return decorate


class _BesideTheSource(InTreeCacheLocator):  # type: ignore[misc]
    """Numba's place for kernels, taken even where nothing can be written."""

    def ensure_cache_path(self) -> None:
        """Nothing to ensure: a folder that is not there has no kernels, and that is all."""


class _ShippedKernels(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = (_BesideTheSource,)


class _Shipped(FunctionCache):  # type: ignore[misc]
    """Kernels that came with the sources: only read."""

    _impl_class = _ShippedKernels

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep nothing."""


@cache
def sources() -> str:
    """Digest of the source of every room that holds kernels."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((CORE / room).glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
