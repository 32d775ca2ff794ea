"""Compiled Shapley values of sums of trees (TreeSHAP), by the training rows on each path.

Lundberg et al., From local explanations to global understanding with explainable AI for trees
(2020), with features of one owner taken together. A leaf of value v counts for a set S of owners by
v times the shares of those on its path that S lacks, and not at all if S holds one that leads away
from it. So all that lead away are alike, and what is summed over sets are the coefficients of the
product of (share + t) over the others.
"""

from __future__ import annotations

import numpy as np
from numba import float64, int32, int64, njit, types

from switchyard.compiling import compiled

_rows = types.Array(float64, 2, "C", readonly=True)
_places = types.Array(int32, 1, "C", readonly=True)
_values = types.Array(float64, 1, "C", readonly=True)
_numbers = types.Array(int64, 1, "C", readonly=True)


@njit
def extend(depth, owner, ratio, hit, sizes, who, share, meets):  # type: ignore[no-untyped-def]  # pragma: no cover
    """The path of a node from its parent's; False when no set of owners leads to it."""
    above, size = depth - 1, sizes[depth - 1]
    at = size
    for k in range(size):
        who[depth, k], share[depth, k] = who[above, k], share[above, k]
        meets[depth, k] = meets[above, k]
        if who[above, k] == owner:
            at = k
    if at == size:
        who[depth, at], share[depth, at], meets[depth, at] = owner, 1.0, True
        size += 1
    share[depth, at] *= ratio
    meets[depth, at] = meets[depth, at] and hit
    sizes[depth] = size
    return meets[depth, at] or share[depth, at] > 0.0


@njit
def settle(value, size, who, share, meets, factors, terms, found):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Add what a leaf means for each owner on its path."""
    terms[0] = 1.0
    count = 0
    for k in range(size):
        if meets[k]:
            count += 1
            terms[count] = 1.0
            for j in range(count - 1, 0, -1):
                terms[j] = terms[j] * share[k] + terms[j - 1]
            terms[0] *= share[k]
        else:
            value *= share[k]
    if value == 0.0:
        return
    away = 0.0
    if count < size:
        for j in range(count + 1):
            away += factors[size, j] * terms[j]
    for k in range(size):
        if not meets[k]:
            found[who[k]] -= value * away
        elif share[k] != 1.0:
            without, total = 0.0, 0.0
            for j in range(count - 1, -1, -1):  # the product, divided by (share + t)
                without = terms[j + 1] - share[k] * without
                total += factors[size, j] * without
            found[who[k]] += value * (1.0 - share[k]) * total


@njit
def set_factors(room):  # type: ignore[no-untyped-def]  # pragma: no cover
    """The weight of a set of j others where there are n owners in all, [n, j]."""
    factors = np.zeros((room + 1, room + 1))
    for n in range(1, room + 1):
        factors[n, 0] = 1.0 / n
        for j in range(1, n):
            factors[n, j] = factors[n, j - 1] * j / (n - j)
    return factors


@njit
def deepest(lefts, rights):  # type: ignore[no-untyped-def]  # pragma: no cover
    """How far the deepest leaf is from its root; children come after their parents."""
    depths = np.zeros(lefts.shape[0], np.int64)
    for node in range(lefts.shape[0]):
        if lefts[node] >= 0:
            depths[lefts[node]] = depths[rights[node]] = depths[node] + 1
    return depths.max()


@compiled(
    types.void(
        _rows, _numbers, _places, _places, _places, _values, _values, _values, _values, _numbers,
        float64[:, ::1], float64[::1],
    )
)  # fmt: skip
def tree_shapley(  # type: ignore[no-untyped-def]
    rows, roots, features, lefts, rights, thresholds, values, covers, weights, owners, found, mean
):
    """What each owner adds to each row's sum of trees, and the sum's mean over training rows.

    owners (features,): 0..n-1; found (rows, n) and mean (1,) are added to.
    """
    most = deepest(lefts, rights)
    room = min(most, found.shape[1]) + 1
    nodes, depths = np.empty(most + 2, np.int64), np.empty(most + 2, np.int64)
    last, ratios = np.empty(most + 2, np.int64), np.empty(most + 2)
    hits = np.empty(most + 2, np.bool_)
    sizes = np.zeros(most + 1, np.int64)
    who, share = np.empty((most + 1, room), np.int64), np.empty((most + 1, room))
    meets = np.empty((most + 1, room), np.bool_)
    factors, terms = set_factors(room), np.empty(room + 1)
    for row in range(rows.shape[0]):
        for tree in range(roots.shape[0]):
            nodes[0], depths[0] = roots[tree], 0
            waiting = 1
            while waiting:
                waiting -= 1
                node, depth = nodes[waiting], depths[waiting]
                if depth and not extend(
                    depth, last[waiting], ratios[waiting], hits[waiting], sizes, who, share, meets
                ):
                    continue
                if features[node] < 0:
                    value, size = weights[tree] * values[node], sizes[depth]
                    settle(
                        value, size, who[depth], share[depth], meets[depth], factors, terms,
                        found[row],
                    )  # fmt: skip
                    if row == 0:
                        mean[0] += value * np.prod(share[depth, :size])
                    continue
                goes_left = np.float32(rows[row, features[node]]) <= thresholds[node]
                for child, hit in ((lefts[node], goes_left), (rights[node], not goes_left)):
                    nodes[waiting], depths[waiting] = child, depth + 1
                    last[waiting], hits[waiting] = owners[features[node]], hit
                    ratios[waiting] = covers[child] / covers[node] if covers[node] > 0.0 else 0.5
                    waiting += 1
