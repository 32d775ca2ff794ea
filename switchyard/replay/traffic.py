"""Traffic by date: what was known at a day, and what came month by month after it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from switchyard.errors import DataError, RequestError

HASH_KEY = "replayed-traffic"

_MONTH = re.compile(r"^[0-9]{4}-(0[1-9]|1[0-2])$")


@dataclass(frozen=True)
class Window:
    """What came in one stretch of time; rows: columns of a cleaned frame, in the order they came.

    name: the month, such as "2021-07", or what else tells the stretch from others.
    """

    name: str
    rows: pd.DataFrame


@dataclass(frozen=True)
class Traffic:
    """Rows known at the beginning, and the windows after it, oldest first."""

    history: pd.DataFrame
    windows: tuple[Window, ...]


def by_month(
    frame: pd.DataFrame,
    known_until: str,
    until: str,
    *,
    benign_known: float = 0.5,
    seed: int = 42,
) -> Traffic:
    """Part a cleaned frame into what was known until a month, and the months after it.

    Dated rows come in their month. Undated positive rows are known from the beginning. Undated
    negative rows are parted by a stable hash of their domain: a share of `benign_known` is known,
    the others come in parts of about the same number of domains, so that no domain comes in two
    months and months differ by nothing but chance. The same arguments give the same traffic.

    RequestError for a month that is none or an empty stretch; DataError for a month without both
    classes.
    """
    names = months(known_until, until)[1:]
    told = frame["first_seen"].astype(object).where(frame["first_seen"].notna(), "")
    dates = told.to_numpy(dtype=object).astype(str)
    benign = frame["label"].to_numpy() == 0
    # 0 is the history, 1 the first month, and so on; -1 is left out.
    place: npt.NDArray[np.intp] = np.searchsorted(np.array([known_until, *names]), dates)
    place[dates > until] = -1
    undated = dates == ""
    place[undated] = 0
    mixed = undated & benign
    place[mixed] = _mixed(frame.loc[mixed, "group"], len(names), benign_known)
    order = np.random.default_rng(seed).permutation(len(frame))
    place = place[order]
    windows = tuple(
        Window(name, frame.iloc[order[place == number]].reset_index(drop=True))
        for number, name in enumerate(names, 1)
    )
    for window in windows:
        _require_both(window.rows, f"month {window.name}")
    history = frame.iloc[np.sort(order[place == 0])].reset_index(drop=True)
    _require_both(history, f"the time until {known_until}")
    return Traffic(history, windows)


def shuffled(frame: pd.DataFrame, windows: int, seed: int) -> tuple[Window, ...]:
    """The rows in an order of chance, cut into equal windows: traffic that never changes."""
    order = np.random.default_rng(seed).permutation(len(frame))
    return tuple(
        Window(f"shuffled-{number + 1}", frame.iloc[part].reset_index(drop=True))
        for number, part in enumerate(np.array_split(order, windows))
    )


def months(first: str, last: str) -> list[str]:
    """Every month from `first` to `last`, both included, as "YYYY-MM"."""
    for month in (first, last):
        if not _MONTH.match(month):
            raise RequestError(f"'{month}' is no month; write it as 2021-06")
    if last <= first:
        raise RequestError(f"traffic until {last} ends before it begins, after {first}")
    return [str(each) for each in pd.period_range(first, last, freq="M")]


def _mixed(groups: pd.Series, windows: int, known: float) -> npt.NDArray[np.intp]:
    """Where each undated negative row comes."""
    keys = groups.astype(object).to_numpy(dtype=object)
    hashes = pd.util.hash_array(keys, hash_key=HASH_KEY, categorize=True)
    share = hashes.astype(np.float64) / 2.0**64
    after = np.clip((share - known) / (1.0 - known), 0.0, None)
    month = np.minimum(after * windows, windows - 1).astype(np.intp)
    return np.where(share < known, 0, 1 + month)


def _require_both(rows: pd.DataFrame, what: str) -> None:
    kinds = set(rows["label"].unique().tolist())
    if kinds != {0, 1}:
        held = f"rows of class {kinds.pop()} only" if kinds else "no rows"
        raise DataError(
            f"{what} has {held}; replay needs dated positive rows and negative rows in each month: "
            "choose another stretch or bring more data"
        )
