"""Slices: the same model on parts of the rows, for a good average hides weak parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from switchyard.evaluation.metrics import METRICS
from switchyard.evaluation.ranking import check_scored
from switchyard.records import Record
from switchyard.urls.domains import hosts_of

TOP_DOMAINS = 12
"""So many top-level domains are told apart; the others are one slice."""

_LENGTHS = (20, 40, 80, 160)
_ADDRESS = r"^(?:[0-9]+\.){3}[0-9]+$"


class Slice(Record):
    """A model on the rows where `family` is `name`; None where the slice lacks a class."""

    family: str
    name: str
    rows: int
    positives: int
    accuracy: float
    false_positive_rate: float | None
    recall: float | None
    roc_auc: float | None


def slice_columns(frame: pd.DataFrame, top: int = TOP_DOMAINS) -> pd.DataFrame:
    """One categorical column a family, one row a row of the cleaned frame, in its order."""
    urls = frame["url"]
    columns: dict[str, Any] = {"address": _addresses(urls)}
    if "source" in frame:
        columns["source"] = frame["source"].astype(str)
    if "first_seen" in frame:
        columns["year"] = frame["first_seen"].astype("str").str[:4].fillna("undated")
    columns["length"] = _length_bands(urls)
    columns["top-level domain"] = _top_level_domains(urls, top)
    if "scheme" in frame:
        columns["scheme as given"] = frame["scheme"].astype(str)
    return pd.DataFrame({name: pd.Categorical(values) for name, values in columns.items()})


def measure_slices(
    y: Any, score: Any, threshold: float, columns: pd.DataFrame, min_rows: int
) -> tuple[Slice, ...]:
    """Every slice of at least `min_rows` rows, families in the order of the columns."""
    labels, scores = check_scored(y, score)
    return tuple(
        _measured(family, name, labels[rows], scores[rows], threshold)
        for family, name, rows in parts_of(columns)
        if rows.sum() >= min_rows
    )


def parts_of(columns: pd.DataFrame) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Family, name and rows (as a mask) of every slice."""
    for family in columns:
        coded = columns[family].astype("category").cat
        codes = coded.codes.to_numpy()
        for code, name in enumerate(coded.categories):
            yield str(family), str(name), codes == code


def _measured(
    family: str,
    name: str,
    labels: npt.NDArray[np.uint8],
    scores: npt.NDArray[np.float64],
    threshold: float,
) -> Slice:
    called = scores >= threshold
    positive = labels == 1
    positives = int(positive.sum())
    mixed = 0 < positives < len(labels)
    return Slice(
        family=family,
        name=name,
        rows=len(labels),
        positives=positives,
        accuracy=float((called == positive).mean()),
        false_positive_rate=float(called[~positive].mean()) if positives < len(labels) else None,
        recall=float(called[positive].mean()) if positives else None,
        roc_auc=METRICS["roc_auc"](labels, scores) if mixed else None,
    )


def _addresses(urls: pd.Series[Any]) -> npt.NDArray[np.str_]:
    bare = ~urls.str.contains(r"[/?#]", regex=True).to_numpy(bool)
    return np.where(bare, "bare domain", "with a path")


def _length_bands(urls: pd.Series[Any]) -> pd.Series[Any]:
    bounds = [0, *_LENGTHS]
    names = [f"{low + 1}–{high}" for low, high in zip(bounds, _LENGTHS, strict=False)]
    names.append(f"over {_LENGTHS[-1]}")
    return pd.cut(urls.str.len(), [-1, *_LENGTHS, np.inf], labels=names)


def _top_level_domains(urls: pd.Series[Any], top: int) -> npt.NDArray[np.object_]:
    hosts = hosts_of(urls)
    address = pc.match_substring_regex(hosts, _ADDRESS)
    last = pc.replace_substring_regex(hosts, r"^.*\.", "")
    ending = pd.Series(pc.if_else(address, "IP address", last).to_pylist(), dtype=object)
    ending = ending.where(ending != "", "none")
    kept = ending.value_counts().index[:top]
    chosen: npt.NDArray[np.object_] = ending.where(ending.isin(kept), "other").to_numpy(object)
    return chosen
