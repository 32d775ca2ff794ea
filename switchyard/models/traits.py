"""Compiled traits of a URL: counts of host and rest in buckets, and crosses of them.

They carry what n-grams cannot: how long, how deep, how many digits, which ending with which shape.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from switchyard.models.hashing import DIGIT, FNV_BASIS, KIND, LETTER, LOWER, bucket, fold

TRAITS = 64
"""No URL has more traits than this."""

_LENGTH, _LETTERS, _VOWELS, _UPPER, _DIGITS, _DOTS, _DASHES, _SLASHES = 0, 1, 2, 3, 4, 5, 6, 8
_OTHER, _RUN, _DIGIT_RUN, _CONSONANTS, _CHANGES = 12, 13, 14, 15, 16
_COUNTS = 17

_PLACE = np.full(256, _OTHER, np.uint8)
"""Where each lower-cased byte is counted."""
_PLACE[97:123] = _LETTERS
_PLACE[48:58] = _DIGITS
_PLACE[list(b".-_/%=&")] = range(_DOTS, _DOTS + 7)

_VOWEL = np.zeros(256, np.uint8)
_VOWEL[list(b"aeiou")] = 1


@njit(inline="always")
def _level(count):  # type: ignore[no-untyped-def]
    """A count in buckets: exact below 64, then 8 an octave."""
    if count < 64:
        return count
    octave = 0
    while count >= 16:
        count >>= 1
        octave += 1
    return 64 + 8 * octave + count


@njit(inline="always")
def _trait(kind, first, second, shift):  # type: ignore[no-untyped-def]
    return bucket(fold(fold(fold(FNV_BASIS, kind + 1000), first), second), shift)


@njit
def _count(data, start, stop, counts):  # type: ignore[no-untyped-def]
    """Fill one field's counts, which must come zeroed."""
    run = digit_run = consonants = before = 0
    for i in range(start, stop):
        byte = LOWER[data[i]]
        kind = KIND[byte]
        if kind > DIGIT:
            kind = 0
        vowel = _VOWEL[byte]
        counts[_PLACE[byte]] += 1
        counts[_VOWELS] += vowel
        counts[_UPPER] += byte != data[i]
        run = run + 1 if kind else 0
        digit_run = digit_run + 1 if kind == DIGIT else 0
        consonants = consonants + 1 if kind == LETTER and not vowel else 0
        counts[_CHANGES] += kind != 0 and kind != before
        counts[_RUN] = max(counts[_RUN], run)
        counts[_DIGIT_RUN] = max(counts[_DIGIT_RUN], digit_run)
        counts[_CONSONANTS] = max(counts[_CONSONANTS], consonants)
        before = kind
    counts[_LENGTH] = stop - start


@njit(inline="always")
def _ending(data, start, stop):  # type: ignore[no-untyped-def]
    """Hash of what follows the last dot of data[start:stop]; the basis when there is no dot."""
    state = FNV_BASIS
    i = stop - 1
    while i >= start and data[i] != 46 and data[i] != 47:
        state = fold(state, LOWER[data[i]])
        i -= 1
    return state if i >= start and data[i] == 46 else FNV_BASIS


@njit
def add_traits(data, start, end, stop, shift, counts, found, total):  # type: ignore[no-untyped-def]
    """Append the traits of the canonical URL data[start:stop] to `found`; returns the new total.

    `end`: where the host ends. `counts` is scratch of shape (2, 17), int64.
    """
    counts[:] = 0
    _count(data, start, end, counts[0])
    _count(data, end, stop, counts[1])
    for field in range(2):
        c = counts[field]
        for k in range(_COUNTS):
            found[total] = _trait(2 * k + field, _level(c[k]), 0, shift)
            total += 1
        if c[_LENGTH]:
            found[total] = _trait(40 + field, 20 * c[_DIGITS] // c[_LENGTH], 0, shift)
            found[total + 1] = _trait(42 + field, 40 * c[_VOWELS] // max(1, c[_LETTERS]), 0, shift)
            total += 2
    host, rest = counts[0], counts[1]
    suffix = np.int64(_ending(data, start, end))
    extension = np.int64(_ending(data, max(end, stop - 6), stop))
    length, depth, dots = _level(host[_LENGTH]), min(rest[_SLASHES], 20), min(host[_DOTS], 15)
    size = _level(rest[_LENGTH])
    crosses = (
        (length // 2, size // 2),
        (length, depth),
        (dots, depth),
        (suffix, depth),
        (suffix, dots),
        (suffix, length // 2),
        (extension, depth),
        (extension, dots),
        (extension, size // 4),
        (extension, suffix),
        (_level(rest[_RUN]), size),
        (_level(rest[_DIGITS]), size),
        (_level(rest[_VOWELS]), _level(rest[_LETTERS])),
        (_level(host[_RUN]), length),
        (_level(host[_VOWELS]), _level(host[_LETTERS])),
        (host[_DASHES], length),
        (host[_DIGITS], length),
    )
    for k in range(len(crosses)):
        first, second = crosses[k]
        found[total] = _trait(50 + k, np.uint32(first), np.uint32(second), shift)
        total += 1
    return total
