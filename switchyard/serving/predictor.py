"""A verified package ready to answer: columns in, scores, labels or intervals, problems out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.errors import RequestError
from switchyard.packages.loading import LoadedModel, load
from switchyard.packages.manifest import Band, Input, Manifest, Predicted
from switchyard.serving.tables import TableChecker, Told, fault_text, sentences, warning_text
from switchyard.tasks.rows import TEXT, on_tables
from switchyard.urls.bulk import as_arrow, canonicalise_all
from switchyard.urls.canonical import canonicalise
from switchyard.urls.problems import problem_of_canonical, problems

Floats = npt.NDArray[np.float64]

NO_ANSWER = "the model finds no number for these values"


@dataclass(frozen=True)
class Scored:
    """What a model says of n rows.

    scores: probabilities of the positive label or predicted numbers, NaN where a row has a problem;
    positive: whether the score reaches the threshold, False where a row has a problem, None of
    numbers; problems: why a row cannot be scored, null where it can; low, high: of numbers, the
    interval; warnings: of tables, what to know of a row, null where there is nothing.
    faults, warned: of tables, the same by row, column and sentence.
    """

    scores: Floats
    positive: npt.NDArray[np.bool_] | None
    problems: pa.LargeStringArray
    low: Floats | None = None
    high: Floats | None = None
    warnings: pa.LargeStringArray | None = None
    faults: Told = field(default_factory=dict)
    warned: Told = field(default_factory=dict)


class Predictor:
    """Scores rows by one model. Rows are columns by the names of `manifest.inputs`.

    One row, many rows and rows in chunks get bit for bit the same scores. Safe to call from
    several threads. labels: None of a model that predicts numbers.
    """

    def __init__(self, model: LoadedModel, version: str) -> None:
        self.model = model
        self.version = version
        self.manifest: Manifest = model.manifest
        self.labels = model.manifest.labels
        self.on_tables = on_tables(self.manifest.inputs)
        if self.on_tables:
            self._checker = TableChecker(self.manifest.inputs)
            return
        declared = self.manifest.inputs[TEXT]
        assert isinstance(declared, Input)
        self._max_length = declared.max_length
        self._score_canonical = getattr(model.estimator, "score_canonical", None)
        self._score_one = getattr(model.estimator, "score_canonical_one", None)

    @property
    def threshold(self) -> float:
        """As of `LoadedModel.threshold`."""
        return self.model.threshold

    @classmethod
    def open(cls, folder: Path, version: str, expected_sha256: str | None = None) -> Predictor:
        """Verify and load the package in `folder`; errors as of `switchyard.packages.loading`."""
        return cls(load(folder, expected_sha256), version)

    def label(self, score: float) -> str:
        """The label of a row with this score; RequestError where numbers are predicted."""
        if self.labels is None:
            raise RequestError(f"'{self.manifest.name}' predicts a number: it has no labels")
        return self.labels.positive if score >= self.threshold else self.labels.negative

    def score(self, columns: Mapping[str, Any]) -> Scored:
        """Score all rows; RequestError when a column is missing or a text's holds no text.

        columns: sequences or arrow arrays of one length; other columns are ignored. Those of a
        table may hold what `switchyard.serving.cells` reads.
        """
        missing = [name for name in self.manifest.inputs if name not in columns]
        if missing:
            known = ", ".join(f"'{name}'" for name in columns) or "no columns"
            raise RequestError(f"column '{missing[0]}' is missing; there are {known}")
        return self._score_table(columns) if self.on_tables else self._score_texts(columns[TEXT])

    def _score_texts(self, texts: Any) -> Scored:
        urls = as_arrow(texts)
        known_length = pc.if_else(
            pc.greater(pc.utf8_length(urls), self._max_length), pa.scalar("", urls.type), urls
        )
        canonical = canonicalise_all(known_length)
        reasons = problems(urls, self._max_length, canonical)
        scores = self._scores(canonical)
        if reasons.null_count < len(reasons):
            scores[pc.is_valid(reasons).to_numpy(zero_copy_only=False)] = np.nan
        return Scored(scores, scores >= self.threshold, reasons)

    def _score_table(self, columns: Mapping[str, Any]) -> Scored:
        checked = self._checker.check(columns)
        rows = len(checked.coded)
        scores = np.full(rows, np.nan)
        usable = np.ones(rows, np.bool_)
        usable[list(checked.faults)] = False
        if usable.any():
            scores[usable] = self.model.scores(checked.coded[usable])
            for row in np.flatnonzero(usable & ~np.isfinite(scores)).tolist():
                # Numbers may be so large that sums of them are none.
                scores[row] = np.nan
                checked.faults[row] = [("", NO_ANSWER)]
                checked.warnings.pop(row, None)
        low, high = self._interval(scores)
        return Scored(
            scores,
            None if self.labels is None else scores >= self.threshold,
            sentences(checked.faults, rows, fault_text),
            low,
            high,
            sentences(checked.warnings, rows, warning_text),
            checked.faults,
            checked.warnings,
        )

    def _interval(self, values: Floats) -> tuple[Floats, Floats] | tuple[None, None]:
        predicted, band = self.manifest.predicted, self.manifest.band
        if predicted is None or band is None:
            return None, None
        return interval(values, predicted, band)

    def coded(self, columns: Mapping[str, Any]) -> Floats:
        """Rows of a table as the estimator takes them, (rows, inputs)."""
        return self._checker.check(columns).coded

    def score_one(self, url: str) -> tuple[float, str | None]:
        """The score of one text, or NaN and why it cannot be scored; as `score` of that row."""
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


def interval(values: Floats, predicted: Predicted, band: Band) -> tuple[Floats, Floats]:
    """The lower and upper ends around predicted numbers, cut at the bounds of what can be."""
    low, high = values - band.half_width, values + band.half_width
    if predicted.minimum is not None:
        low = np.maximum(low, predicted.minimum)
    if predicted.maximum is not None:
        high = np.minimum(high, predicted.maximum)
    return low, high
