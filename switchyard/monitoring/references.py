"""What a model version was trained on, in the form that windows are compared with.

A reference is a folder: `columns.parquet` (a sample of held-out rows as numbers, with their
scores), `words.npy` (the words of the training rows, as packed hashes), `reference.json`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from switchyard.errors import PlatformError, RequestError
from switchyard.monitoring.inputs import INPUTS, Columns, describe
from switchyard.monitoring.words import Bits, remember

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "reference"
SCORE, TRUTH = "score", "true_label"
MAX_ROWS = 20_000

_COLUMNS, _WORDS, _FACTS = "columns.parquet", "words.npy", "reference.json"
_LAYOUT = 1


@dataclass(frozen=True)
class Reference:
    """columns: float32, one value a sampled row, with `score` and `true_label`, 1 for positive.

    words: as `words.remember`.
    """

    columns: Columns
    words: Bits
    version: str

    @property
    def rows(self) -> int:
        """How many rows were sampled."""
        return len(self.columns[SCORE])


def sample_rows(rows: int, seed: int) -> npt.NDArray[np.int64]:
    """The numbers, ascending, of at most `MAX_ROWS` of so many rows."""
    if rows <= MAX_ROWS:
        return np.arange(rows)
    drawn = np.random.default_rng(seed).choice(rows, MAX_ROWS, replace=False)
    return np.sort(drawn)


def make_reference(
    frame: pd.DataFrame, train_urls: Any, scores: Any, seed: int, folder: Path
) -> Path:
    """Write the reference as `folder` and return it.

    frame: rows that the model was not fitted on, with `url` and `label` (0, 1); scores: the
    model's, one a row. Of more than `MAX_ROWS` rows a sample is kept, drawn by `seed`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    places = sample_rows(len(frame), seed)
    words = remember(train_urls)
    urls = pa.array(frame["url"].iloc[places], pa.large_string(), from_pandas=True)
    columns = describe(urls, words)
    columns[SCORE] = np.asarray(scores, np.float32)[places]
    columns[TRUTH] = frame["label"].to_numpy(np.float32)[places]
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / _COLUMNS, compression="zstd")
    np.save(folder / _WORDS, words, allow_pickle=False)
    facts = {"layout": _LAYOUT, "rows": len(places), "of_rows": len(frame)}
    (folder / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
    return folder


def open_reference(folder: Path, version: str = "") -> Reference:
    """Read a reference. version: of the model that it belongs to.

    RequestError for one of another layout; PlatformError for one that is not whole.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        table = pq.read_table(folder / _COLUMNS)
        words = np.load(folder / _WORDS, allow_pickle=False)
    except (OSError, ValueError, pa.ArrowException) as cause:
        raise PlatformError(
            f"the reference in '{folder}' cannot be read: {cause}; fetch it again"
        ) from cause
    if facts.get("layout") != _LAYOUT or set(table.column_names) != {*INPUTS, SCORE, TRUTH}:
        raise RequestError(
            f"the reference of version '{version}' was made by another release of this program; "
            "train again with --no-cache"
        )
    columns = {name: np.asarray(table[name], np.float32) for name in table.column_names}
    return Reference(columns, words, version)
