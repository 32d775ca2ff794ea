"""Explanations of the calibrated SVM: its character n-grams by piece of the URL."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import Pipeline

from switchyard.explanations import pieces
from switchyard.explanations.results import Explanation, explanation


def explanations(estimator: Pipeline, urls: pa.LargeStringArray) -> list[Explanation]:
    """One for each URL; they are in canonical form already."""
    _, (_, grams), _, (_, model) = estimator.steps
    texts: list[str] = urls.to_pylist()
    rows = estimator[:-1].transform(texts)
    margins = model.decision_function(rows).tolist()
    base = float(model.slope_ * model.machine_.intercept_[0] + model.offset_)
    slopes = model.slope_ * model.machine_.coef_[0].astype(np.float64)
    found = []
    for at, (text, margin) in enumerate(zip(texts, margins, strict=True)):
        row = rows[[at]]
        amounts = row.data.astype(np.float64) * slopes[row.indices]
        spans, columns = _places(grams, text)
        order = np.argsort(row.indices)
        which = order[np.searchsorted(row.indices, columns, sorter=order)]
        times = np.bincount(which, minlength=len(amounts))
        contributions = pieces.contributions(text, spans, (amounts / times.clip(1))[which])
        found.append(explanation(text, base, margin, contributions))
    return found


def _places(
    grams: HashingVectorizer, text: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Start and end (n, 2) of each n-gram of a canonical URL, and the column (n,) it is put in."""
    low, high = grams.ngram_range
    sizes = range(low, min(high, len(text)) + 1)
    spans = [(at, at + size) for size in sizes for at in range(len(text) - size + 1)]
    lower = text.lower()
    hasher = FeatureHasher(
        grams.n_features, input_type="string", alternate_sign=grams.alternate_sign
    )
    if not spans:
        return np.empty((0, 2), np.int64), np.empty(0, np.int32)
    hashed = hasher.transform([lower[start:end]] for start, end in spans)
    return np.array(spans, np.int64), hashed.indices
