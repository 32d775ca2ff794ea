"""Explanations of the linear models over counts of stems: each stem's weight times its count."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from switchyard.explanations.results import Contribution, Explanation, explanation

_WORD = re.compile("[A-Za-z]+")


def explanations(estimator: Pipeline, urls: pa.LargeStringArray) -> list[Explanation]:
    """One for each URL; they are in canonical form already. Stems that are absent are in base."""
    _, (_, counts), (_, model) = estimator.steps
    texts: list[str] = urls.to_pylist()
    base, weights, margins = _linear(model, counts.transform(texts))
    stems = counts.get_feature_names_out()
    words = [list(_WORD.finditer(text)) for text in texts]
    known = counts.transform([word[0] for of_text in words for word in of_text])
    columns = iter(np.split(known.indices, known.indptr[1:-1]) if known.shape[0] else [])
    found = []
    for text, margin, of_text in zip(texts, margins.tolist(), words, strict=True):
        matches: dict[int, list[re.Match[str]]] = defaultdict(list)
        for word in of_text:
            for column in next(columns).tolist():
                matches[column].append(word)
        contributions = [
            Contribution(
                str(stems[column]),
                float(len(same)),
                len(same) * float(weights[column]),
                same[0].start(),
                same[0].end(),
            )
            for column, same in matches.items()
        ]
        found.append(explanation(text, base, margin, contributions))
    return found


def _linear(
    model: Any, counts: Any
) -> tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Log-odds of no word at all, of one of each stem, and of each row."""
    if isinstance(model, LogisticRegression):
        return float(model.intercept_[0]), model.coef_[0], model.decision_function(counts)
    prior, likelihood = model.class_log_prior_, model.feature_log_prob_
    joint = model.predict_joint_log_proba(counts)
    return float(prior[1] - prior[0]), likelihood[1] - likelihood[0], joint[:, 1] - joint[:, 0]
