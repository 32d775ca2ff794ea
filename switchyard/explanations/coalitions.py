"""Explanations of models that are no sums: Shapley values beside rows of the training data.

Inputs that a set leaves out take the values of a few training rows, which the model keeps; what
the set is worth is the mean prediction. With few inputs all sets are asked for, which is exact;
with more, inputs are let in one by one in drawn orders, each once forwards and once backwards.
Either way what they add comes to the prediction, less the mean one.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Worth = Callable[[Mask], Floats]
"""(sets, inputs) → what each set is worth for the row at hand, (sets,)."""

FEW = 8
"""Up to so many inputs every set is asked for."""

ORDERS = 16
"""So many at the most, and fewer of many inputs."""

_ASKED = 400
_CELLS = 4_000_000
_SEED = 20_177

_COST, _FEWEST_ROWS = 120_000_000, 4
"""Numbers that a model may look at for one explanation: of a costly one fewer rows are taken."""


def contributions(
    encoder: Any, model: Any, rows: Floats, inputs: int
) -> tuple[Floats, Floats, Floats]:
    """Bases (rows,), margins (rows,) and what each input adds (rows, inputs)."""
    features, owners = encoder.transform(rows), encoder.owners()
    background, orders = _affordable(model, inputs)

    def worth(row: Floats) -> Worth:
        def of(sets: Mask) -> Floats:
            means = np.empty(len(sets))
            step = max(1, _CELLS // background.size)
            for start in range(0, len(sets), step):
                part = sets[start : start + step]
                mixed = np.where(part[:, owners][:, None, :], row, background)
                told = model.predict(mixed.reshape(-1, mixed.shape[-1]))
                means[start : start + step] = told.reshape(len(part), -1).mean(axis=1)
            return means

        return of

    base = float(model.predict(background).mean())
    parts = np.array(
        [
            sampled(worth(row), inputs, orders) if orders else exact(worth(row), inputs)
            for row in features
        ]
    )
    return np.full(len(rows), base), model.predict(features), parts


def _affordable(model: Any, inputs: int) -> tuple[Floats, int]:
    """The rows that inputs are left out for, and in how many orders they are let in; 0: in all.

    A model of neighbours looks at all its rows for each prediction: then of the rows that it keeps
    for explanations some are taken, evenly chosen. Of other models the cost is small.
    """
    background: Floats = model.background_
    cost = max(1, np.size(getattr(model, "rows_", ())))
    calls = _COST // cost
    orders = 0
    if inputs > FEW or _FEWEST_ROWS * 2**inputs > calls:
        affordable = calls // (_FEWEST_ROWS * (inputs + 1))
        orders = 2 * max(1, min(ORDERS, _ASKED // inputs, affordable) // 2)
    sets = orders * (inputs + 1) if orders else 2**inputs
    most = max(_FEWEST_ROWS, calls // sets)
    if len(background) > most:
        chosen = np.linspace(0, len(background) - 1, most).round().astype(int)
        background = background[chosen]
    return background, orders


def exact(worth: Worth, inputs: int) -> Floats:
    """Shapley values from what all sets are worth."""
    numbers = np.arange(2**inputs)
    sets = (numbers[:, None] >> np.arange(inputs) & 1).astype(bool)
    values = worth(sets)
    sizes = sets.sum(axis=1)
    weights = np.array(
        [factorial(n) * factorial(inputs - n - 1) / factorial(inputs) for n in range(inputs)]
    )
    added = np.empty(inputs)
    for at in range(inputs):
        without = numbers[~sets[:, at]]
        gains = values[without | (1 << at)] - values[without]
        added[at] = float((weights[sizes[without]] * gains).sum())
    return added


def sampled(worth: Worth, inputs: int, count: int = ORDERS) -> Floats:
    """The mean of what inputs add in drawn orders, an even number; the same for each row."""
    random = np.random.default_rng(_SEED)
    half = [random.permutation(inputs) for _ in range(count // 2)]
    orders = np.array([*half, *(order[::-1] for order in half)])
    ranks = np.argsort(orders, axis=1)
    sets = (ranks[:, None, :] < np.arange(inputs + 1)[None, :, None]).reshape(-1, inputs)
    gains = np.diff(worth(sets).reshape(len(orders), inputs + 1), axis=1)
    added: Floats = np.take_along_axis(gains, ranks, axis=1).mean(axis=0)
    return added
