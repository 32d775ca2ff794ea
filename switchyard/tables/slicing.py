"""Slices of a table: its categories, and quarters of its numbers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from switchyard.configuration.names import stored
from switchyard.packages.manifest import Number
from switchyard.tables.coding import Inputs

MOST = 20
"""Of more columns only the first ones are looked at."""

_CATEGORIES, _QUARTERS = 12, 4


def table_slices(frame: pd.DataFrame, inputs: Inputs, *, numbers: bool) -> pd.DataFrame:
    """One categorical column a family, one row a row of the cleaned frame, in its order.

    numbers: the target is a number, whose quarters are a family too.
    """
    columns: dict[str, Any] = {}
    if "source" in frame:
        columns["source"] = frame["source"].astype(str)
    if "first_seen" in frame and frame["first_seen"].notna().any():
        columns["year"] = frame["first_seen"].astype("str").str[:4].fillna("undated")
    if numbers:
        columns["true value"] = _quarters(frame["label"])
    for name, declared in list(inputs.items())[:MOST]:
        values = frame[stored(name)]
        few = isinstance(declared, Number) and values.nunique() > _QUARTERS
        columns[name] = _quarters(values) if few else _most(values)
    return pd.DataFrame(
        {name: _categories(values) for name, values in columns.items()}, index=frame.index
    )


def _quarters(values: pd.Series[Any]) -> Any:
    edges = np.unique(np.nanquantile(values.to_numpy(np.float64), [0.25, 0.5, 0.75]))
    bounds = [-np.inf, *edges, np.inf]
    shown = _shown(edges)
    names = [
        f"up to {shown[0]}",
        *(f"over {low} to {high}" for low, high in pairwise(shown)),
        f"over {shown[-1]}",
    ]
    found = pd.Series(pd.cut(values.to_numpy(np.float64), bounds, labels=names))
    found = found.cat.add_categories("missing").fillna("missing")
    return found.cat.remove_unused_categories().array


def _shown(edges: npt.NDArray[np.float64]) -> list[str]:
    """The numbers, no two of them alike; with all digits only where fewer do not tell."""
    shown = [f"{edge:.12g}" for edge in edges]
    return shown if len(set(shown)) == len(edges) else [f"{edge:.17g}" for edge in edges]


def _categories(values: Any) -> pd.Categorical:
    """The values of a family, in their own order where they have one."""
    return values if isinstance(values, pd.Categorical) else pd.Categorical(values)


def _most(values: pd.Series[Any]) -> Any:
    told = values.astype(object).where(values.notna(), "missing").astype(str)
    kept = told.value_counts().index[:_CATEGORIES]
    return told.where(told.isin(kept), "all others").to_numpy(object)
