"""Compiled 32-bit hashing and byte classes that the feature kernels share."""

from __future__ import annotations

import numpy as np
from numba import njit

U32 = np.uint32
FNV_PRIME = U32(16777619)
FNV_BASIS = U32(2166136261)

LETTER, DIGIT, PUNCTUATION = 1, 2, 128

LOWER = np.arange(256, dtype=np.uint8)
"""ASCII lower case of each byte."""
LOWER[65:91] += 32

KIND = (np.arange(256) & 127 | PUNCTUATION).astype(np.uint8)
"""The class of each lower-cased byte: LETTER, DIGIT, or the punctuation byte itself, marked."""
KIND[97:123] = LETTER
KIND[48:58] = DIGIT


@njit(inline="always")
def fold(state, value):  # type: ignore[no-untyped-def]
    """One FNV-1a step; the casts keep numba from widening to 64 bits."""
    return U32(U32(state ^ U32(value)) * FNV_PRIME)


@njit(inline="always")
def bucket(state, shift):  # type: ignore[no-untyped-def]
    """The table index of a hash: murmur's finaliser, then its top 32 - shift bits."""
    h = U32(state ^ (state >> U32(16)))
    h = U32(h * U32(0x85EBCA6B))
    h = U32(h ^ (h >> U32(13)))
    h = U32(h * U32(0xC2B2AE35))
    return U32(h >> shift)


@njit(inline="always")
def seed(kind, field):  # type: ignore[no-untyped-def]
    """Where the hashes of one kind of feature in one field start."""
    return fold(fold(FNV_BASIS, kind), field + 1)


@njit(inline="always")
def host_end(data, start, stop):  # type: ignore[no-untyped-def]
    """The index of the first of / ? # in a canonical URL, or `stop`."""
    end = start
    while end < stop and data[end] != 47 and data[end] != 63 and data[end] != 35:
        end += 1
    return end


@njit(inline="always")
def insert(index, found, count, seen, mask):  # type: ignore[no-untyped-def]
    """Append `index` to `found` unless this URL has it already; returns the new count.

    `seen` is an open-addressing set of mask + 1 slots, zero meaning free.
    """
    slot = np.int64(U32(index * U32(2654435769)) >> U32(5)) & mask
    while True:
        held = seen[slot]
        if held == 0:
            seen[slot] = U32(index + U32(1))
            found[count] = index
            return count + 1
        if held == U32(index + U32(1)):
            return count
        slot = (slot + 1) & mask
