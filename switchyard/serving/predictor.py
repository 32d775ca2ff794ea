"""A verified package ready to answer: columns in, scores, labels and problems out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.errors import RequestError
from switchyard.packages.loading import LoadedModel, load
from switchyard.packages.manifest import Manifest
from switchyard.urls.bulk import as_arrow, canonicalise_all
from switchyard.urls.canonical import canonicalise
from switchyard.urls.problems import problem_of_canonical, problems

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """What a model says of n rows.

    scores: probabilities of the positive label, NaN where a row has a problem; positive: whether
    the score reaches the threshold, False where a row has a problem; problems: why a row cannot be
    scored, null where it can.
    """

    scores: Floats
    positive: npt.NDArray[np.bool_]
    problems: pa.LargeStringArray


class Predictor:
    """Scores rows by one model. Rows are columns by the names of `manifest.inputs`.

    One row, many rows and rows in chunks get bit for bit the same scores. Safe to call from
    several threads.
    """

    def __init__(self, model: LoadedModel, version: str) -> None:
        self.model = model
        self.version = version
        self.manifest: Manifest = model.manifest
        self.threshold = model.threshold
        self.labels = model.manifest.labels
        self._max_length = self.manifest.inputs["url"].max_length
        self._score_canonical = getattr(model.estimator, "score_canonical", None)
        self._score_one = getattr(model.estimator, "score_canonical_one", None)

    @classmethod
    def open(cls, folder: Path, version: str, expected_sha256: str | None = None) -> Predictor:
        """Verify and load the package in `folder`; errors as of `switchyard.packages.loading`."""
        return cls(load(folder, expected_sha256), version)

    def label(self, score: float) -> str:
        """The label of a row with this score."""
        return self.labels.positive if score >= self.threshold else self.labels.negative

    def score(self, columns: Mapping[str, Any]) -> Scored:
        """Score all rows; RequestError when a column is missing or holds something else than text.

        columns: sequences or arrow arrays of one length; other columns are ignored.
        """
        missing = [name for name in self.manifest.inputs if name not in columns]
        if missing:
            known = ", ".join(f"'{name}'" for name in columns) or "no columns"
            raise RequestError(f"column '{missing[0]}' is missing; there are {known}")
        urls = as_arrow(columns["url"])
        known_length = pc.if_else(
            pc.greater(pc.utf8_length(urls), self._max_length), pa.scalar("", urls.type), urls
        )
        canonical = canonicalise_all(known_length)
        reasons = problems(urls, self._max_length, canonical)
        scores = self._scores(canonical)
        if reasons.null_count < len(reasons):
            scores[pc.is_valid(reasons).to_numpy(zero_copy_only=False)] = np.nan
        return Scored(scores, scores >= self.threshold, reasons)

    def score_one(self, url: str) -> tuple[float, str | None]:
        """The score of one row, or NaN and why it cannot be scored; as `score` of that row."""
        if len(url) > self._max_length:
            return np.nan, problem_of_canonical(url, "", self._max_length)
        canonical = canonicalise(url)
        reason = problem_of_canonical(url, canonical, self._max_length)
        if reason is not None:
            return np.nan, reason
        if self._score_one is not None:
            return self._score_one(canonical), None
        return float(self._scores(pa.array([canonical], pa.large_string()))[0]), None

    def _scores(self, canonical: pa.LargeStringArray) -> Floats:
        if self._score_canonical is not None:
            scores: Floats = self._score_canonical(canonical)[1]
            return scores
        if not len(canonical):
            return np.empty(0)
        chances = self.model.estimator.predict_proba(canonical.to_pylist())
        return np.ascontiguousarray(chances[:, 1], np.float64)
