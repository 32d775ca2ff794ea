"""Which words were seen in training: a packed set of hashes, without the words themselves.

A word is a run of three or more letters. What is not in the set was surely not seen; of those that
were not seen about one in sixteen passes as seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint64]

MIN_LETTERS = 3
CHUNK_ROWS = 50_000

_BASE = 0x9E3779B97F4A7C15 | 1
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SPREAD = 16  # bits a word
_MIN_BITS = 1 << 13


class Words(NamedTuple):
    """Hashes of words, and the row that each stands in."""

    hashes: Hashes
    rows: npt.NDArray[np.int64]


def words_of(canonical: Any) -> Words:
    """The words of canonical URLs, in order. canonical: a large string array without nulls.

    A word's hash is a polynomial of its lower-cased letters modulo 2⁶⁴, taken from running sums,
    so that no loop over words is needed.
    """
    from switchyard.urls.bulk import buffers

    data, offsets = buffers(canonical)
    text = data[offsets[0] : offsets[-1]]
    low = text | 32
    letter = (low >= 97) & (low <= 122)
    edges = np.flatnonzero(np.diff(letter, prepend=False, append=False))
    # No word goes on across the border of two rows.
    borders = offsets[1:-1] - offsets[0]
    inside = borders[(borders > 0) & (borders < len(text))]
    inside = np.unique(inside[letter[inside - 1] & letter[inside]]) if len(inside) else inside
    bounds = np.sort(np.concatenate([edges, inside, inside]))
    starts, stops = bounds[::2], bounds[1::2]
    long = stops - starts >= MIN_LETTERS
    starts, stops = starts[long], stops[long]
    rows = np.searchsorted(offsets[1:] - offsets[0], starts, side="right")
    powers, inverses = _powers(_BASE, len(text)), _powers(_INVERSE, len(text))
    sums = np.zeros(len(text) + 1, np.uint64)
    np.cumsum(low.astype(np.uint64) * powers, out=sums[1:])
    hashes = (sums[stops] - sums[starts]) * inverses[starts] if len(starts) else _none()
    hashes = (hashes ^ (hashes >> np.uint64(32))) * _MIX
    return Words(hashes ^ (hashes >> np.uint64(29)), rows)


def remember(urls: Any) -> Bits:
    """The packed set of the words of these URLs; its size grows with the number of words."""
    found = [_none()]
    found += [np.unique(words_of(chunk).hashes) for chunk in canonical_chunks(urls)]
    known = np.unique(np.concatenate(found))
    bits = max(_MIN_BITS, 1 << (len(known) * _SPREAD - 1).bit_length())
    flags = np.zeros(bits, np.bool_)
    flags[known & np.uint64(bits - 1)] = True
    return np.packbits(flags)


def unknown_share(canonical: Any, known: Bits) -> npt.NDArray[np.float32]:
    """Of each canonical URL, the share of its words that are not in the set; 0 without words."""
    found = words_of(canonical)
    places = found.hashes & np.uint64(len(known) * 8 - 1)
    shifts = (np.uint64(7) - (places & np.uint64(7))).astype(np.uint8)
    held = (known[places >> np.uint64(3)] >> shifts) & 1
    rows = len(canonical)
    count = np.bincount(found.rows, minlength=rows)
    seen = np.bincount(found.rows, weights=held, minlength=rows)
    return np.where(count > 0, 1.0 - seen / np.maximum(count, 1), 0.0).astype(np.float32)


def canonical_chunks(urls: Any, rows: int = CHUNK_ROWS) -> Iterator[Any]:
    """The canonical forms of URLs, some rows at a time."""
    from switchyard.urls.bulk import as_arrow, canonicalise_all

    array = as_arrow(urls)
    for start in range(0, len(array), rows):
        yield canonicalise_all(array.slice(start, rows))


def _powers(base: int, count: int) -> Hashes:
    """base⁰ … base^(count-1), modulo 2⁶⁴."""
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)


def _none() -> Hashes:
    return np.empty(0, np.uint64)
