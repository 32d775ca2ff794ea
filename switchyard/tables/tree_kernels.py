"""The compiled walk through trees that are kept as plain arrays."""

from __future__ import annotations

import numpy as np
from numba import float64, int32, int64, types

from switchyard.compiling import compiled

_rows = types.Array(float64, 2, "C", readonly=True)
_places = types.Array(int32, 1, "C", readonly=True)
_values = types.Array(float64, 1, "C", readonly=True)
_roots = types.Array(int64, 1, "C", readonly=True)


@compiled(types.void(_rows, _roots, _places, _places, _places, _values, _values, float64[:, ::1]))
def leaves(rows, roots, features, lefts, rights, thresholds, values, found):  # type: ignore[no-untyped-def]
    """The value that each tree has for each row: found (rows, trees).

    A row goes left where its number, as float32, is at most the threshold; a leaf has feature -1.
    """
    for row in range(rows.shape[0]):
        for tree in range(roots.shape[0]):
            node = roots[tree]
            while features[node] >= 0:
                if np.float32(rows[row, features[node]]) <= thresholds[node]:
                    node = lefts[node]
                else:
                    node = rights[node]
            found[row, tree] = values[node]
