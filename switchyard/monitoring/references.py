"""What a model version was trained on, in the form that windows are compared with.

A reference is a folder: `columns.parquet` (a sample of held-out rows as numbers, with their
scores) and `reference.json`; of texts also `words.npy` (the words of the training rows, as packed
hashes). Of a table `reference.json` says what its columns are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from switchyard.configuration.names import stored
from switchyard.errors import PlatformError, RequestError
from switchyard.monitoring.inputs import INPUTS, Columns, describe
from switchyard.monitoring.words import Bits, remember
from switchyard.packages.manifest import AnyInput

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "reference"
SCORE, TRUTH = "score", "true_label"
MAX_ROWS = 20_000
MAX_CELLS = 8_000_000
"""Of a table with many columns fewer rows are kept: 4,000 of 2,000 columns."""

_COLUMNS, _WORDS, _FACTS = "columns.parquet", "words.npy", "reference.json"
_LAYOUT, _TABLE_LAYOUT = 1, 2

Inputs = Mapping[str, AnyInput]
_INPUTS: TypeAdapter[dict[str, AnyInput]] = TypeAdapter(dict[str, AnyInput])


@dataclass(frozen=True)
class Reference:
    """columns: floats, one value a sampled row, with `score` and `true_label`, 1 for positive.

    words: as `words.remember`; None for a table. inputs: of a table, by the names under which
    columns are stored; None for texts. Then `columns` has a category as its place.
    """

    columns: Columns
    words: Bits | None
    version: str
    inputs: Inputs | None = None

    @property
    def rows(self) -> int:
        """How many rows were sampled."""
        return len(self.columns[SCORE])


def most_rows(columns: int) -> int:
    """How many rows a reference of so many columns has at the most."""
    return max(1, min(MAX_ROWS, MAX_CELLS // max(1, columns)))


def sample_rows(rows: int, seed: int, columns: int = 1) -> npt.NDArray[np.int64]:
    """The numbers, ascending, of at most `most_rows` of so many rows."""
    most = most_rows(columns)
    if rows <= most:
        return np.arange(rows)
    drawn = np.random.default_rng(seed).choice(rows, most, replace=False)
    return np.sort(drawn)


def make_reference(
    frame: pd.DataFrame, train_urls: Any, scores: Any, seed: int, folder: Path
) -> Path:
    """Write the reference as `folder` and return it.

    frame: rows that the model was not fitted on, with `url` and `label` (0, 1); scores: the
    model's, one a row. Of more than `MAX_ROWS` rows a sample is kept, drawn by `seed`.
    """
    import pyarrow as pa

    places = sample_rows(len(frame), seed)
    words = remember(train_urls)
    urls = pa.array(frame["url"].iloc[places], pa.large_string(), from_pandas=True)
    columns = describe(urls, words)
    columns[SCORE] = np.asarray(scores, np.float32)[places]
    columns[TRUTH] = frame["label"].to_numpy(np.float32)[places]
    _write(folder, columns, {"layout": _LAYOUT, "rows": len(places), "of_rows": len(frame)})
    np.save(folder / _WORDS, words, allow_pickle=False)
    return folder


def make_table_reference(
    frame: pd.DataFrame, inputs: Inputs, scores: Any, of_rows: int, folder: Path
) -> Path:
    """Write the reference of a table as `folder` and return it.

    frame: sampled rows of a cleaned table that the model was not fitted on, of so many; inputs: the
    model's, by their own names; scores: what it says of the rows.
    """
    from switchyard.monitoring.tables import coded_columns

    kept = {stored(name): each for name, each in inputs.items()}
    columns = coded_columns(frame, kept)
    columns[SCORE] = np.asarray(scores, np.float64)
    columns[TRUTH] = frame["label"].to_numpy(np.float64)
    facts = {
        "layout": _TABLE_LAYOUT,
        "rows": len(frame),
        "of_rows": of_rows,
        "inputs": _INPUTS.dump_python(kept, mode="json"),
    }
    _write(folder, columns, facts)
    return folder


def _write(folder: Path, columns: Columns, facts: Mapping[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / _COLUMNS, compression="zstd")
    (folder / _FACTS).write_text(json.dumps(facts), encoding="utf-8")


def open_reference(folder: Path, version: str = "") -> Reference:
    """Read a reference. version: of the model that it belongs to.

    RequestError for one of another layout; PlatformError for one that is not whole.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        table = pq.read_table(folder / _COLUMNS)
        layout = facts.get("layout")
        of_table = layout == _TABLE_LAYOUT
        inputs = _INPUTS.validate_python(facts["inputs"]) if of_table else None
        words = np.load(folder / _WORDS, allow_pickle=False) if layout == _LAYOUT else None
    except (OSError, ValueError, KeyError, AttributeError, pa.ArrowException) as cause:
        raise PlatformError(
            f"the reference in '{folder}' cannot be read: {cause}; fetch it again"
        ) from cause
    described = INPUTS if inputs is None else inputs
    known = layout in (_LAYOUT, _TABLE_LAYOUT)
    if not known or set(table.column_names) != {*described, SCORE, TRUTH}:
        raise RequestError(
            f"the reference of version '{version}' was made by another release of this program; "
            "train again with --no-cache"
        )
    columns = {name: np.asarray(table[name]) for name in table.column_names}
    return Reference(columns, words, version, inputs)
