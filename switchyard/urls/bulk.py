"""Canonical forms of many URLs: a compiled pass over arrow's buffers, equal to `canonicalise`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.errors import DataError
from switchyard.urls.canonical import canonicalise, scheme_of, whole_characters

Bytes: TypeAlias = npt.NDArray[np.uint8]
Offsets: TypeAlias = npt.NDArray[np.int64]

SCHEMES = ("http", "https", "other", "none")
"""What `schemes_of` answers."""


def as_arrow(urls: Any) -> pa.LargeStringArray:
    """One large string array without nulls from a 1-D sequence of str, whatever holds it.

    Accepts lists, tuples, numpy arrays, pandas Series, arrow arrays and chunked arrays; does not
    copy what is large string already. Lone surrogates become U+FFFD, as in `canonicalise`.
    Raises DataError naming the first entry that is not a str.
    """
    if isinstance(urls, str | bytes):
        raise DataError(
            f"URLs must be a sequence of str, not one {type(urls).__name__}; put it in a list"
        )
    if getattr(urls, "ndim", 1) != 1:
        raise DataError(
            f"URLs must be a 1-D sequence of str, not of shape {urls.shape}; pass one column"
        )
    array = urls if isinstance(urls, pa.Array | pa.ChunkedArray) else _from_python(urls)
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if not (_is_text(kind) or (pa.types.is_null(kind) and len(array) == 0)):
        raise DataError(f"URLs must be str, not {kind}; convert the column to text")
    if array.null_count:
        first = int(pc.index(pc.is_null(array), True).as_py())
        raise DataError(
            f"row {first} of the URLs is missing ({array.null_count} such rows); drop or fill them"
        )
    if array.type != pa.large_string():
        array = array.cast(pa.large_string())
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    try:
        array.validate(full=True)
    except pa.ArrowInvalid as cause:
        raise DataError(f"the URLs are not valid UTF-8 text: {cause}; re-encode them") from cause
    return array


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_large_string(kind) or types.is_string(kind) or types.is_string_view(kind))


def _from_python(urls: Iterable[Any]) -> pa.Array | pa.ChunkedArray:
    if isinstance(urls, np.ndarray) and urls.dtype.kind == "U":
        urls = urls.astype(object)
    convertible = hasattr(urls, "__arrow_array__") or isinstance(urls, np.ndarray | list | tuple)
    held = urls if convertible or hasattr(urls, "dtype") else list(urls)
    try:
        array = pa.array(held, from_pandas=True)
    except (pa.ArrowException, UnicodeError, TypeError, ValueError) as cause:
        _refuse_what_is_not_text(held, cause)
        return pa.array([whole_characters(entry) for entry in held], pa.large_string())
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        _refuse_what_is_not_text(held, None)
    return array


def _refuse_what_is_not_text(entries: Iterable[Any], cause: Exception | None) -> None:
    for row, entry in enumerate(entries):
        if not isinstance(entry, str):
            raise DataError(
                f"row {row} of the URLs is {entry!r:.80} ({type(entry).__name__}); "
                "every entry must be a str"
            ) from cause


def buffers(array: pa.LargeStringArray) -> tuple[Bytes, Offsets]:
    """The UTF-8 bytes and the n + 1 offsets into them, without a copy; both read-only."""
    _, starts, held = array.buffers()
    if starts is None or len(array) == 0:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(starts, np.int64, len(array) + 1, array.offset * 8)
    empty = held is None or held.size == 0
    return np.empty(0, np.uint8) if empty else np.frombuffer(held, np.uint8), offsets


def canonicalise_all(urls: Any) -> pa.LargeStringArray:
    """`canonicalise` of every URL, in order; accepts what `as_arrow` accepts."""
    from switchyard.urls import kernels

    array = as_arrow(urls)
    data, offsets = buffers(array)
    out = np.empty(int(offsets[-1] - offsets[0]), np.uint8)
    ends = np.empty(len(array) + 1, np.int64)
    hard = np.empty(len(array), np.bool_)
    written = kernels.canonical_rows(data, offsets, kernels.CLASSES, out, ends, hard)
    rows = np.flatnonzero(hard)
    if len(rows):
        texts = [canonicalise(url) for url in array.take(pa.array(rows)).to_pylist()]
        patch = np.frombuffer("".join(texts).encode("ascii"), np.uint8)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        whole = np.empty(written + len(patch), np.uint8)
        moved = np.empty_like(ends)
        kernels.merge(out, ends, rows, patch, lengths, whole, moved)
        out, ends = whole, moved
    else:
        out = out[:written]
    return pa.LargeStringArray.from_buffers(len(array), pa.py_buffer(ends), pa.py_buffer(out))


def schemes_of(urls: Any) -> pa.DictionaryArray:
    """`scheme_of` of every URL, in order, as a dictionary array over `SCHEMES`."""
    from switchyard.urls import kernels

    array = as_arrow(urls)
    data, offsets = buffers(array)
    codes = np.empty(len(array), np.int8)
    kernels.schemes(data, offsets, codes)
    rows = np.flatnonzero(codes < 0)
    if len(rows):
        hard = array.take(pa.array(rows)).to_pylist()
        codes[rows] = [SCHEMES.index(scheme_of(url)) for url in hard]
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(SCHEMES))
