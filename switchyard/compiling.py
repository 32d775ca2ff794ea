"""How kernels are compiled: once, for one signature, kept on disk, without the interpreter lock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from numba import int64, njit, types, uint8
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
)

bytes_ = types.Array(uint8, 1, "C", readonly=True)
"""Signature of bytes that are only read, as arrow's buffers are."""

offsets_ = types.Array(int64, 1, "C", readonly=True)
"""Signature of offsets that are only read."""

CORE = Path(__file__).resolve().parent
ROOMS = ("evaluation", "explanations", "models", "tables", "text", "urls")


def compiled(signature: Any = None) -> Callable[[Callable[..., Any]], Any]:
    """Decorator: the function compiled for `signature`, from the cache if it is there.

    Without a signature it is compiled at the first call, for the types of that call.

    A cached kernel is taken only while every file of the rooms with kernels is what it was: they
    call one another across files, and numba itself looks at a kernel's own file alone. The cache
    lies beside the sources and goes with them; it is read where nothing can be written, as in a
    container with a read-only disk, and what is missing there is compiled by each process anew.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        kernel = njit(nogil=True)(function)
        try:
            kernel._cache = _Kernels(function)
        except RuntimeError:  # numba's "cannot cache function: no locator available"
            pass
        else:
            kernel._cache._cache_file._source_stamp = sources()
        if signature is not None:
            kernel.compile(signature)
            kernel.disable_compile()
        return kernel

    return decorate


class _BesideTheSource(InTreeCacheLocator):  # type: ignore[misc]
    """The folder of a kernel's source, where it can be written or kernels have come with it."""

    def ensure_cache_path(self) -> None:
        """OSError when it is neither."""
        if not any(Path(self.get_cache_path()).glob("*.nbi")):
            super().ensure_cache_path()


class _Places(CompileResultCacheImpl):  # type: ignore[misc]
    # NUMBA_CACHE_DIR comes second: ZenML sets it, to a folder that every account can write to.
    _locator_classes = (_BesideTheSource, UserProvidedCacheLocator, UserWideCacheLocator)


class _Kernels(FunctionCache):  # type: ignore[misc]
    """Numba's cache of a function; what cannot be written is not kept, and that is all."""

    _impl_class = _Places

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel."""
        with suppress(OSError):
            super().save_overload(sig, data)


@cache
def sources() -> str:
    """Digest of the source of every room that holds kernels."""
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((CORE / room).glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
