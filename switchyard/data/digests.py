"""The digest that names a data set: equal content, equal digest, however it is held in memory."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.urls.bulk import as_arrow, buffers

_COLUMNS = ("url", "label", "source", "first_seen")


def dataset_digest(frame: pd.DataFrame) -> str:
    """The sha256 of a cleaned frame's inputs, label, source and first_seen, row by row in order.

    Chunks, unused categories and the kinds of columns make no difference.
    """
    return _of_urls(frame) if "scheme" in frame else _of_table(frame)


def _of_table(frame: pd.DataFrame) -> str:
    names = [name for name in frame.columns if name != "group"]
    digest = hashlib.sha256(json.dumps([len(frame), names]).encode())
    for name in names:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column.dtype):
            values = column.to_numpy(np.float64, copy=True) + 0.0  # -0 and 0 are one number
            values[np.isnan(values)] = np.nan
            digest.update(values.astype("<f8").data)
        else:
            words, codes = _sorted_codes(pa.array(column, from_pandas=True))
            digest.update(json.dumps(words).encode())
            digest.update(codes.astype("<i4").data)
    return digest.hexdigest()


def _of_urls(frame: pd.DataFrame) -> str:
    digest = hashlib.sha256(f"{len(frame)} {' '.join(_COLUMNS)}".encode())
    data, offsets = buffers(as_arrow(frame["url"]))
    digest.update(np.diff(offsets).astype("<i8").data)
    digest.update(data[offsets[0] : offsets[-1]].data)
    digest.update(np.ascontiguousarray(frame["label"].to_numpy(np.int8)).data)
    for name in ("source", "first_seen"):
        values, codes = _sorted_codes(pa.array(frame[name], from_pandas=True))
        digest.update("\0".join(values).encode())
        digest.update(codes.astype("<i4").data)
    return digest.hexdigest()


def _sorted_codes(column: Any) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The values that occur, sorted, and each row's place among them; -1 for null."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    coded = column.dictionary_encode()
    values = ["" if value is None else str(value) for value in coded.dictionary.to_pylist()]
    order = sorted(range(len(values)), key=values.__getitem__)
    place = np.full(len(values) + 1, -1)
    place[order] = np.arange(len(values))
    indices = pc.fill_null(coded.indices, len(values)).to_numpy()
    return [values[at] for at in order], place[indices]
