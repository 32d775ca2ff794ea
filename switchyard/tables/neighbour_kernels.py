"""The compiled search for the nearest rows."""

from __future__ import annotations

import numpy as np
from numba import boolean, float64, int64, types

from switchyard.compiling import compiled

_rows = types.Array(float64, 2, "C", readonly=True)
_values = types.Array(float64, 1, "C", readonly=True)


@compiled(types.void(_rows, _rows, _values, int64, int64, boolean, float64[::1]))
def nearest(rows, known, numbers, count, power, nearer_more, found):  # type: ignore[no-untyped-def]
    """The mean number of the `count` known rows that are nearest to each row; the first of equals.

    nearer_more: weighted by 1 / distance; then rows at no distance count alone.
    """
    distances, chosen = np.empty(count), np.empty(count, np.int64)
    for row in range(rows.shape[0]):
        held = 0
        for other in range(known.shape[0]):
            distance = 0.0
            for at in range(rows.shape[1]):
                gap = rows[row, at] - known[other, at]
                distance += gap * gap if power == 2 else abs(gap)
            if held == count and not distance < distances[held - 1]:
                continue
            place = held if held < count else count - 1
            while place > 0 and distance < distances[place - 1]:
                distances[place], chosen[place] = distances[place - 1], chosen[place - 1]
                place -= 1
            distances[place], chosen[place] = distance, other
            held = min(held + 1, count)
        total, weights = 0.0, 0.0
        for place in range(held):
            weight = 1.0
            if nearer_more and distances[0] == 0.0:
                weight = 1.0 if distances[place] == 0.0 else 0.0
            elif nearer_more:
                weight = 1.0 / (np.sqrt(distances[place]) if power == 2 else distances[place])
            total += weight * numbers[chosen[place]]
            weights += weight
        found[row] = total / weights
