"""The compiled kernel of the fast model: features of a URL, its score, and one pass of learning.

All three work on the two buffers of an arrow string array: `data` (uint8) and `offsets` (int64,
one more than there are rows). Features are table indices; they are computed anew each time and
never stored, so memory does not grow with the number of features.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from switchyard.compiling import compiled
from switchyard.models.hashing import (
    DIGIT,
    KIND,
    LOWER,
    U32,
    bucket,
    fold,
    host_end,
    insert,
    seed,
)
from switchyard.models.traits import TRAITS, add_traits

MAX_BYTES = 2048
"""Only so many bytes of a URL are looked at: it bounds the time of one prediction."""

TRAIT_VALUE = np.float32(0.1)
"""What a trait contributes; an n-gram contributes 1 / sqrt(number of n-grams)."""

PARTS = 6
"""N-grams, words and shapes of the host, then of the rest."""

_GRAM, _WORD, _PAIR, _SHAPE, _OUTLINE = 1, 2, 3, 4, 5
_BEGIN, _END = 2, 3  # bytes that no canonical URL holds


@njit
def _add_grams(text, start, stop, field, low, high, shift, found, total, seen, mask):  # type: ignore[no-untyped-def]
    """Character n-grams of low..high bytes of text[start:stop], whose ends are marks."""
    first = seed(_GRAM, field)
    for i in range(start, stop - 1):
        state = first
        for k in range(i, min(i + high, stop)):
            state = fold(state, text[k])
            if k - i + 1 >= low:
                total = insert(bucket(state, shift), found, total, seen, mask)
    return total


@njit
def _add_words(text, start, stop, field, shift, found, total, seen, mask):  # type: ignore[no-untyped-def]
    """Alphanumeric words and pairs of neighbouring words."""
    first, pair = seed(_WORD, field), seed(_PAIR, field)
    state = before = U32(0)
    inside = False
    for i in range(start, stop):
        if KIND[text[i]] <= DIGIT:
            state = fold(state if inside else first, text[i])
            inside = True
        elif inside:
            inside = False
            total = insert(bucket(state, shift), found, total, seen, mask)
            if before:
                total = insert(bucket(fold(pair ^ before, state), shift), found, total, seen, mask)
            before = state
    return total


@njit
def _add_shapes(text, start, stop, field, shift, found, total, seen, mask):  # type: ignore[no-untyped-def]
    """4-grams over byte classes, once as they are and once with runs of a class collapsed."""
    plain, collapsed = seed(_SHAPE, field), seed(_OUTLINE, field)
    window = outline = U32(0)
    before = 0
    for i in range(start, stop):
        kind = KIND[text[i]]
        window = U32(U32(window << U32(8)) | U32(kind))
        total = insert(bucket(fold(plain, window), shift), found, total, seen, mask)
        if kind != before:
            outline = U32(U32(outline << U32(8)) | U32(kind))
            total = insert(bucket(fold(collapsed, outline), shift), found, total, seen, mask)
        before = kind
    return total


@njit
def room_for(length, low, high):  # type: ignore[no-untyped-def]
    """More features than a URL of `length` bytes can have."""
    return (length + 6) * (high - low + 1 + 3) + TRAITS


@njit
def slots_for(room):  # type: ignore[no-untyped-def]
    """Slots of a set of `room` entries at most half full: a power of two."""
    slots = 64
    while slots < 2 * room:
        slots *= 2
    return slots


@njit
def extract(data, start, stop, low, high, shift, text, found, seen, counts, bounds):  # type: ignore[no-untyped-def]
    """Fill `found`; returns how many n-grams, words and shapes, and how many with the traits.

    `bounds` (int64, PARTS + 1): where n-grams, words and shapes of the host, then of the rest,
    begin and end in `found`. The other arrays are scratch.
    """
    mask = slots_for(room_for(stop - start, low, high)) - 1
    seen[: mask + 1] = 0
    end = host_end(data, start, stop)
    total = 0
    bounds[:] = 0
    for field in range(2):
        a, b = (start, end) if field == 0 else (end, stop)
        if b > a:
            text[0] = _BEGIN
            for i in range(a, b):
                text[i - a + 1] = LOWER[data[i]]
            size = b - a + 2
            text[size - 1] = _END
            total = _add_grams(text, 0, size, field, low, high, shift, found, total, seen, mask)
            bounds[3 * field + 1] = total
            total = _add_words(text, 1, size, field, shift, found, total, seen, mask)
            bounds[3 * field + 2] = total
            total = _add_shapes(text, 1, size, field, shift, found, total, seen, mask)
        else:
            bounds[3 * field + 1 : 3 * field + 3] = total
        bounds[3 * field + 3] = total
    return total, add_traits(data, start, end, stop, shift, counts, found, total)


@njit(inline="always")
def _probability(margin):  # type: ignore[no-untyped-def]
    return 1.0 / (1.0 + math.exp(-margin))


@njit
def margin_of(weights, bias, found, grams, total):  # type: ignore[no-untyped-def]
    many = few = np.float32(0.0)
    for j in range(grams):
        many += weights[found[j]]
    for j in range(grams, total):
        few += weights[found[j]]
    return bias + many * np.float32(1.0 / math.sqrt(grams + 1.0)) + few * TRAIT_VALUE


@njit
def shift_for(weights):  # type: ignore[no-untyped-def]
    """How far a 32-bit hash moves right to index 2^bits weights."""
    shift = U32(32)
    while (1 << (U32(32) - shift)) < weights:
        shift -= U32(1)
    return shift


@compiled()
def score(data, offsets, weights, bias, low, high, margins, chances):  # type: ignore[no-untyped-def]
    """Fill `margins` and `chances` (float64, one a row) for every row of the buffers.

    Scratch is as long as the longest row needs, so that scoring one URL stays cheap.
    """
    shift = shift_for(weights.shape[0])
    longest = 0
    for i in range(margins.shape[0]):
        longest = max(longest, offsets[i + 1] - offsets[i])
    longest = min(longest, MAX_BYTES)
    room = room_for(longest, low, high)
    text = np.empty(longest + 2, np.uint8)
    found = np.empty(room, np.uint32)
    seen = np.empty(slots_for(room), np.uint32)
    counts = np.empty((2, 17), np.int64)
    bounds = np.empty(PARTS + 1, np.int64)
    for i in range(margins.shape[0]):
        start = offsets[i]
        stop = min(offsets[i + 1], start + MAX_BYTES)
        grams, total = extract(
            data, start, stop, low, high, shift, text, found, seen, counts, bounds
        )
        margins[i] = margin_of(weights, bias[0], found, grams, total)
        chances[i] = _probability(margins[i])


@compiled()
def score_one(data, weights, bias, low, high):  # type: ignore[no-untyped-def]
    """The probability of the one URL whose bytes are `data`."""
    offsets = np.array([0, data.shape[0]])
    margins, chances = np.empty(1), np.empty(1)
    score(data, offsets, weights, bias, low, high, margins, chances)
    return chances[0]


@compiled()
def learn(data, offsets, rows, labels, table, bias, rate, decay, low, high):  # type: ignore[no-untyped-def]
    """One pass of AdaGrad over `rows` in their order; changes `table` and `bias`.

    `labels`: int8, 0 or 1, one a row of the buffers. `table`: float32 (2^bits, 2), the weight
    beside its sum of squared gradients, so that a feature costs one cache line. `bias`: float64,
    the same two. `decay`: L2 penalty on the weights that a row touches.
    """
    shift = shift_for(table.shape[0])
    room = room_for(MAX_BYTES, low, high)
    text = np.empty(MAX_BYTES + 2, np.uint8)
    found = np.empty(room, np.uint32)
    seen = np.empty(slots_for(room), np.uint32)
    counts = np.empty((2, 17), np.int64)
    bounds = np.empty(PARTS + 1, np.int64)
    for r in range(rows.shape[0]):
        i = rows[r]
        start = offsets[i]
        stop = min(offsets[i + 1], start + MAX_BYTES)
        grams, total = extract(
            data, start, stop, low, high, shift, text, found, seen, counts, bounds
        )
        many = few = np.float32(0.0)
        for j in range(grams):
            many += table[found[j], 0]
        for j in range(grams, total):
            few += table[found[j], 0]
        scale = np.float32(1.0 / math.sqrt(grams + 1.0))
        error = np.float32(_probability(bias[0] + many * scale + few * TRAIT_VALUE) - labels[i])
        for j in range(total):
            k = found[j]
            gradient = error * (scale if j < grams else TRAIT_VALUE) + decay * table[k, 0]
            table[k, 1] += gradient * gradient
            table[k, 0] -= rate * gradient / np.float32(math.sqrt(table[k, 1]))
        bias[1] += error * error
        bias[0] -= 0.1 * rate * error / math.sqrt(bias[1])
