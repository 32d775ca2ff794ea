"""The fast model's features of one URL together with where each of them stands (compiled).

The loops mirror those of `switchyard.models.kernel`, which stay free of anything that a score does
not need; a test holds the two to the same features in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from switchyard.compiling import compiled
from switchyard.models.hashing import DIGIT, KIND, LOWER, U32, bucket, fold, host_end, insert, seed
from switchyard.models.kernel import (
    _BEGIN,
    _END,
    _GRAM,
    _OUTLINE,
    _PAIR,
    _SHAPE,
    _WORD,
    MAX_BYTES,
    room_for,
    shift_for,
    slots_for,
)
from switchyard.models.traits import add_traits


@dataclass(frozen=True)
class Places:
    """Features of one URL, as many as it has: n with a place, then the traits.

    found: uint32 (n + traits,), table indices; spans: int64 (n, 2), start and end in the URL;
    counts: int64 (2, 17), what the traits of host and rest count; host_end: where the rest begins.
    """

    found: npt.NDArray[np.uint32]
    spans: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    host_end: int


def places(url: str, size: int, low: int, high: int) -> Places:
    """What a model of `size` weights and n-grams of low..high bytes sees in a canonical URL."""
    data = np.frombuffer(url[:MAX_BYTES].encode("ascii"), np.uint8)
    counts = np.empty((2, 17), np.int64)
    found, spans, placed, total, end = _place(data, size, low, high, counts)
    return Places(found[:total], spans[:placed], counts, end)


@compiled()
def _place(data, size, low, high, counts):  # type: ignore[no-untyped-def]  # pragma: no cover
    stop = data.shape[0]
    room = room_for(stop, low, high)
    found = np.empty(room, np.uint32)
    spans = np.empty((room, 2), np.int64)
    seen = np.zeros(slots_for(room), np.uint32)
    text = np.empty(stop + 2, np.uint8)
    shift = shift_for(size)
    end = host_end(data, 0, stop)
    total = 0
    for field in range(2):
        a, b = (0, end) if field == 0 else (end, stop)
        if b == a:
            continue
        text[0] = _BEGIN
        for i in range(a, b):
            text[i - a + 1] = LOWER[data[i]]
        length = b - a + 2
        text[length - 1] = _END
        first = total
        total = _grams(text, length, field, low, high, shift, found, spans, total, seen)
        total = _words(text, length, field, shift, found, spans, total, seen)
        total = _shapes(text, length, field, shift, found, spans, total, seen)
        for j in range(first, total):  # the marks at both ends are not in the URL
            spans[j, 0] = min(max(a + spans[j, 0] - 1, a), b - 1)
            spans[j, 1] = max(min(a + spans[j, 1] - 1, b), spans[j, 0] + 1)
    return found, spans, total, add_traits(data, 0, end, stop, shift, counts, found, total), end


@njit
def _put(index, start, stop, found, spans, total, seen):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Append `index` and its place unless this URL has it already; returns the new total."""
    after = insert(index, found, total, seen, seen.shape[0] - 1)
    if after > total:
        spans[total, 0] = start
        spans[total, 1] = stop
    return after


@njit
def _grams(text, length, field, low, high, shift, found, spans, total, seen):  # type: ignore[no-untyped-def]  # pragma: no cover
    first = seed(_GRAM, field)
    for i in range(length - 1):
        state = first
        for k in range(i, min(i + high, length)):
            state = fold(state, text[k])
            if k - i + 1 >= low:
                total = _put(bucket(state, shift), i, k + 1, found, spans, total, seen)
    return total


@njit
def _words(text, length, field, shift, found, spans, total, seen):  # type: ignore[no-untyped-def]  # pragma: no cover
    first, pair = seed(_WORD, field), seed(_PAIR, field)
    state = before = U32(0)
    start = earlier = 0
    inside = False
    for i in range(1, length):
        if KIND[text[i]] <= DIGIT:
            if not inside:
                start = i
            state = fold(state if inside else first, text[i])
            inside = True
        elif inside:
            inside = False
            total = _put(bucket(state, shift), start, i, found, spans, total, seen)
            if before:
                both = bucket(fold(pair ^ before, state), shift)
                total = _put(both, earlier, i, found, spans, total, seen)
            before, earlier = state, start
    return total


@njit
def _shapes(text, length, field, shift, found, spans, total, seen):  # type: ignore[no-untyped-def]  # pragma: no cover
    plain, collapsed = seed(_SHAPE, field), seed(_OUTLINE, field)
    window = outline = U32(0)
    before = 0
    third = second = last = run = 1  # where the four latest runs of a class start
    for i in range(1, length):
        kind = KIND[text[i]]
        window = U32(U32(window << U32(8)) | U32(kind))
        shape = bucket(fold(plain, window), shift)
        total = _put(shape, max(1, i - 3), i + 1, found, spans, total, seen)
        if kind != before:
            third, second, last, run = second, last, run, i
            outline = U32(U32(outline << U32(8)) | U32(kind))
            shape = bucket(fold(collapsed, outline), shift)
            total = _put(shape, third, i + 1, found, spans, total, seen)
        before = kind
    return total
