"""What the fast model's log-odds of a URL are made of: the stacked model's view of it."""

from __future__ import annotations

import numpy as np

from switchyard.compiling import compiled
from switchyard.models.kernel import (
    MAX_BYTES,
    PARTS,
    extract,
    margin_of,
    room_for,
    shift_for,
    slots_for,
)

_PART_NAMES = ("host_grams", "host_words", "host_shapes", "rest_grams", "rest_words", "rest_shapes")
_MEASURES = ("mean", "unknown")

EVIDENCE_NAMES: tuple[str, ...] = (
    *("log_odds", "traits", "features"),
    *(f"{part}_{measure}" for part in _PART_NAMES for measure in _MEASURES),
)
"""The columns of `weigh`: mean is of the weights, unknown the share never seen in training."""


@compiled()
def weigh(data, offsets, weights, sums, fresh, bias, low, high, numbers):  # type: ignore[no-untyped-def]
    """Fill `numbers`, float32 (n, len(EVIDENCE_NAMES)).

    `sums`: the bits (uint16) of the half-precision sums of squared gradients, one a weight; bits of
    positive numbers sort as the numbers do, and `fresh` are those of a weight never updated.
    """
    shift = shift_for(weights.shape[0])
    room = room_for(MAX_BYTES, low, high)
    text = np.empty(MAX_BYTES + 2, np.uint8)
    found = np.empty(room, np.uint32)
    seen = np.empty(slots_for(room), np.uint32)
    counts = np.empty((2, 17), np.int64)
    bounds = np.empty(PARTS + 1, np.int64)
    for i in range(numbers.shape[0]):
        start = offsets[i]
        stop = min(offsets[i + 1], start + MAX_BYTES)
        grams, total = extract(
            data, start, stop, low, high, shift, text, found, seen, counts, bounds
        )
        row = numbers[i]
        row[0] = margin_of(weights, bias[0], found, grams, total)
        row[1] = 0.0
        for j in range(grams, total):
            row[1] += weights[found[j]]
        row[2] = grams
        for part in range(PARTS):
            first, last = bounds[part], bounds[part + 1]
            mean = unknown = np.float32(0.0)
            for j in range(first, last):
                mean += weights[found[j]]
                unknown += sums[found[j]] <= fresh
            size = np.float32(max(1, last - first))
            row[3 + 2 * part] = mean / size
            row[4 + 2 * part] = unknown / size
