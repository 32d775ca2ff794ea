"""What a model says of the rows of a chunk, as the four columns that a result adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.batches.chunks import Chunk
from switchyard.errors import DataError
from switchyard.serving.predictor import Predictor

ADDED = ("label", "score", "model_version", "problem")

TYPES = (pa.large_string(), pa.float64(), pa.large_string(), pa.large_string())


@dataclass(frozen=True)
class Answers:
    """n answers. labels, problems: large strings; scores: NaN where a row has a problem.

    A row has either a label and a score or a problem.
    """

    labels: pa.LargeStringArray
    scores: npt.NDArray[np.float64]
    problems: pa.LargeStringArray
    version: str

    @property
    def rejected(self) -> int:
        """How many rows could not be scored."""
        return len(self.problems) - int(self.problems.null_count)

    def columns(self) -> list[Any]:
        """The added columns, in the order and of the types of `ADDED` and `TYPES`."""
        version = pa.repeat(pa.scalar(self.version, pa.large_string()), len(self.scores))
        scores = pa.array(self.scores, mask=pc.is_valid(self.problems).to_numpy(False))
        return [self.labels, scores, version, self.problems]

    def score_texts(self) -> list[bytes]:
        """The scores as `/predict` writes them, 'null' for NaN; each reads back equal."""
        if not len(self.scores):
            return []
        written = orjson.dumps(self.scores, option=orjson.OPT_SERIALIZE_NUMPY)
        return written[1:-1].split(b",")


def answer(chunk: Chunk, predictor: Predictor) -> Answers:
    """Score a chunk. A row whose input is no text has that as its problem."""
    columns: dict[str, Any] = {}
    reasons: Any = pa.nulls(len(chunk), pa.large_string())
    for name in predictor.manifest.inputs:
        columns[name], missing = chunk.texts(name)
        reasons = pc.coalesce(reasons, missing)
    scored = predictor.score(columns)
    problems = pc.coalesce(reasons, scored.problems)
    positive, negative = (
        pa.scalar(label, pa.large_string())
        for label in (predictor.labels.positive, predictor.labels.negative)
    )
    labels = pc.if_else(pa.array(scored.positive), positive, negative)
    rejected = pc.is_valid(problems)
    return Answers(
        pc.if_else(rejected, pa.scalar(None, pa.large_string()), labels),
        np.where(rejected.to_numpy(False), np.nan, scored.scores),
        problems,
        predictor.version,
    )


def added_names(columns: Sequence[str]) -> tuple[str, ...]:
    """What the added columns are called: `predicted_label` where the input has a `label`, etc."""
    names = []
    for name in ADDED:
        added = f"predicted_{name}" if name in columns else name
        if added in columns:
            raise DataError(
                f"the file has columns '{name}' and '{added}', so that the result has no name for "
                f"its {name}; rename or drop one of them"
            )
        names.append(added)
    return tuple(names)
