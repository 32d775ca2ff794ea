"""Explanations of the fast model: its n-grams, words and shapes by piece of the URL; its traits."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from switchyard.explanations import pieces
from switchyard.explanations.places import places
from switchyard.explanations.results import Contribution, Explanation, explanation
from switchyard.explanations.traits import traits
from switchyard.models.fast import HashedNgramClassifier
from switchyard.models.kernel import TRAIT_VALUE


def explanations(model: HashedNgramClassifier, urls: pa.LargeStringArray) -> list[Explanation]:
    """One for each URL; they are in canonical form already."""
    margins = model.score_canonical(urls)[0].tolist()
    return [
        _explained(model, url, margin)
        for url, margin in zip(urls.to_pylist(), margins, strict=True)
    ]


def _explained(model: HashedNgramClassifier, url: str, margin: float) -> Explanation:
    seen = places(url, len(model.weights_), model.min_n, model.max_n)
    weights = model.weights_[seen.found].astype(np.float64)
    placed = len(seen.spans)
    amounts = weights[:placed] / np.sqrt(placed + 1.0)
    found = pieces.contributions(url, seen.spans, amounts)
    few = (weights[placed:] * float(TRAIT_VALUE)).tolist()
    found += [
        Contribution(name, value, amount, None, None)
        for (name, value), amount in zip(traits(url, seen), few, strict=True)
    ]
    return explanation(url, float(model.bias_[0]), margin, found)
