"""What a model says of the rows of a chunk, as the columns that a result adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.batches.chunks import Chunk
from switchyard.errors import DataError
from switchyard.packages.manifest import Labels, Manifest
from switchyard.serving.predictor import Predictor, Scored
from switchyard.tasks.rows import on_tables

_TEXT, _NUMBER = pa.large_string(), pa.float64()

TYPES: Mapping[str, Any] = {
    "label": _TEXT,
    "score": _NUMBER,
    "prediction": _NUMBER,
    "low": _NUMBER,
    "high": _NUMBER,
    "model_version": _TEXT,
    "problem": _TEXT,
    "warning": _TEXT,
}
"""All that may be added, and its type."""


@dataclass(frozen=True)
class Answers:
    """n answers. columns: what is added, by its own names, in order, of the types of `TYPES`.

    A row has either an answer or a problem; all else but the version is null where it has one.
    """

    columns: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.problems)

    @property
    def problems(self) -> Any:
        """Why rows could not be scored, null where they were."""
        return self.columns["problem"]

    @property
    def rejected(self) -> int:
        """How many rows could not be scored."""
        return len(self.problems) - int(self.problems.null_count)


def added_by(manifest: Manifest) -> tuple[str, ...]:
    """The names of what a model of that kind adds."""
    said = ("prediction", "low", "high") if manifest.labels is None else ("label", "score")
    warning = ("warning",) if on_tables(manifest.inputs) else ()
    return (*said, "model_version", "problem", *warning)


def answer(chunk: Chunk, predictor: Predictor) -> Answers:
    """Score a chunk. A row with a value of another kind than its input has that as its problem."""
    columns: dict[str, Any] = {}
    reasons: Any = pa.nulls(len(chunk), _TEXT)
    for name, declared in predictor.manifest.inputs.items():
        columns[name], wrong = chunk.values(name, declared.type)
        if wrong is not None:
            reasons = pc.coalesce(reasons, wrong)
    scored = predictor.score(columns)
    problems = pc.coalesce(reasons, scored.problems)
    labels = predictor.labels
    said = _labels(scored, problems, labels) if labels else _numbers(scored, problems)
    said["model_version"] = pa.repeat(pa.scalar(predictor.version, _TEXT), len(problems))
    said["problem"] = problems
    if on_tables(predictor.manifest.inputs):
        said["warning"] = _without(scored.warnings, problems)
    return Answers(said)


def added_names(columns: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    """What the added columns are called: `predicted_label` where the input has a `label`, etc."""
    names = []
    for name in added:
        free = f"predicted_{name}" if name in columns else name
        if free in columns:
            raise DataError(
                f"the file has columns '{name}' and '{free}', so that the result has no name for "
                f"its {name}; rename or drop one of them"
            )
        names.append(free)
    return tuple(names)


def _labels(scored: Scored, problems: Any, labels: Labels) -> dict[str, Any]:
    positive, negative = pa.scalar(labels.positive, _TEXT), pa.scalar(labels.negative, _TEXT)
    said = pc.if_else(pa.array(scored.positive), positive, negative)
    return {"label": _without(said, problems), "score": _floats(scored.scores, problems)}


def _numbers(scored: Scored, problems: Any) -> dict[str, Any]:
    named = {"prediction": scored.scores, "low": scored.low, "high": scored.high}
    return {name: _floats(values, problems) for name, values in named.items()}


def _floats(values: Any, problems: Any) -> Any:
    """Floats, null where a row has a problem."""
    return pa.array(np.asarray(values, np.float64), mask=pc.is_valid(problems).to_numpy(False))


def _without(texts: Any, problems: Any) -> Any:
    """Texts, null where a row has a problem."""
    if texts is None:
        return pa.nulls(len(problems), _TEXT)
    return pc.if_else(pc.is_valid(problems), pa.scalar(None, _TEXT), texts)
