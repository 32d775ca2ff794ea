"""What a model of a table goes by: how much worse it is where one column is shuffled.

Breiman: Random Forests (2001), section 10. Columns that say the same share their importance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.evaluation.intervals import Measured
from switchyard.records import Record

MOST = 200
"""Of more columns only the first ones are shuffled: each costs a pass over the rows."""

_ROWS, _TIMES = 2_000, 3

Floats = npt.NDArray[np.float64]


class Importance(Record):
    """loss: by how much the metric gets worse, in its unit, when this column tells nothing."""

    name: str
    loss: float


def importances(
    scores: Callable[[Floats], Floats],
    rows: Floats,
    measured: Callable[[npt.NDArray[np.intp], Floats], Measured],
    metric: str,
    inputs: Mapping[str, Any],
    seed: int,
) -> tuple[Importance, ...]:
    """The columns, the most important first; on at most `_ROWS` rows, each shuffled a few times.

    scores: of coded rows; measured(which rows, their scores): what the metric is read from.
    """
    random = np.random.default_rng(seed)
    taken = random.permutation(len(rows))[:_ROWS]
    sample = rows[taken]
    whole = measured(taken, scores(sample))
    if metric in whole.unmeasured:
        return ()
    at, better = whole.names.index(metric), whole.metrics[metric]
    value = float(whole.measure()[at])
    found = []
    for column, name in list(enumerate(inputs))[:MOST]:
        losses = []
        for _ in range(_TIMES):
            shuffled = sample.copy()
            shuffled[:, column] = random.permutation(shuffled[:, column])
            left = float(measured(taken, scores(shuffled)).measure()[at])
            losses.append(better.gain(value, left))
        found.append(Importance(name=name, loss=float(np.mean(losses))))
    return tuple(sorted(found, key=lambda each: -each.loss))
