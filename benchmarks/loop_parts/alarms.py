"""How often unchanged traffic raises an alarm, and how soon changed traffic does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from benchmarks.loop_parts.learning import Learnt, learn
from benchmarks.loop_parts.replay import judge
from switchyard.replay.traffic import Traffic, Window, shuffled

BEGIN = datetime(2021, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
WINDOWS = 60
WINDOW_ROWS = 2_000
CHANGED = 4
"""Windows after a change."""


def alarms(traffic: Traffic, seeds: int) -> dict[str, float]:
    """The share of alarms in shuffled windows, and the windows that a change takes to be seen.

    A model learns from one half of the domains known at the beginning. Windows of the other half,
    shuffled, are like its held-out rows but for chance: each drifted one is a false alarm. The lag
    is counted in windows of a later stretch of time: it is 1 where the first of them drifted, and
    one more than there are where none did.
    """
    learnt, unseen = _model(traffic.history)
    size = min(WINDOW_ROWS, max(1, len(unseen) // 8))
    quiet = [
        window for seed in range(-(-WINDOWS // 8)) for window in _windows(unseen, size, 8, seed)
    ]
    drifted = [_drifted(window, learnt, at) for at, window in enumerate(quiet)]
    lags = [_lag(learnt, later, size, seed) for seed, later in _later(traffic, seeds)]
    return {
        "false_alarm_share": float(np.mean(drifted)),
        "shuffled_windows": float(len(drifted)),
        "detection_lag_windows": float(np.mean(lags)),
        "detection_lag_worst": float(max(lags)),
        "changes": float(len(lags)),
    }


def _model(history: pd.DataFrame) -> tuple[Learnt, pd.DataFrame]:
    """A model of half the domains, and the rows of the others."""
    keys = history["group"].astype(object).to_numpy(dtype=object)
    half = pd.util.hash_array(keys, hash_key="unchanged-rows-1") % 2 == 0
    return learn(history[half].reset_index(drop=True), 1), history[~half].reset_index(drop=True)


def _windows(rows: pd.DataFrame, size: int, count: int, seed: int) -> tuple[Window, ...]:
    drawn = rows.sample(min(len(rows), size * count), random_state=seed)
    return shuffled(drawn, count, seed)


def _later(traffic: Traffic, seeds: int) -> list[tuple[int, pd.DataFrame]]:
    """For each seed, rows of four months in a row; the seeds spread over the later two years."""
    late = [at for at, window in enumerate(traffic.windows[:-3]) if window.name >= "2022-07"]
    starts = [late[round(step)] for step in np.linspace(0, len(late) - 1, seeds)]
    return [
        (seed, pd.concat([window.rows for window in traffic.windows[at : at + 4]]))
        for seed, at in enumerate(starts)
    ]


def _lag(learnt: Learnt, later: pd.DataFrame, size: int, seed: int) -> int:
    """Windows from the change until one has drifted."""
    after = _windows(later, min(size, len(later) // CHANGED), CHANGED, seed)
    for at, window in enumerate(after):
        if _drifted(window, learnt, at):
            return at + 1
    return len(after) + 1


def _drifted(window: Window, learnt: Learnt, at: int) -> bool:
    since = BEGIN + at * DAY
    verdict = judge(window, learnt.scores(window.rows), learnt, since, since + DAY)
    return verdict.status == "drifted"
