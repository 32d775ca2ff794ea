"""Explanations of any estimator of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.errors import RequestError
from switchyard.explanations.results import Contribution, Explanation, explanation
from switchyard.packages.manifest import AnyInput
from switchyard.tables.coding import decoded
from switchyard.urls.bulk import canonicalise_all

__all__ = ["Contribution", "Explanation", "explain", "explain_rows"]

EXPLAINERS: Mapping[tuple[str, ...], str] = {
    ("CanonicalUrls", "StemCounts", "LogisticRegression"): "stems",
    ("CanonicalUrls", "StemCounts", "MultinomialNB"): "stems",
    ("CanonicalUrls", "HashingVectorizer", "TfidfTransformer", "CalibratedSvm"): "margins",
    ("CanonicalUrls", "LexicalFeatures", "LightGbmClassifier"): "trees",
    ("HashedNgramClassifier",): "ngrams",
    ("StackedUrlClassifier",): "trees",
}
"""The types of an estimator's steps → the module beside this one that explains it.

By name, so that only what the estimator at hand needs is ever imported.
"""

TABLE_EXPLAINERS: Mapping[str, str] = {
    "LinearClassifier": "terms",
    "LinearRegressor": "terms",
    "NeighboursRegressor": "coalitions",
    "TreesClassifier": "forests",
    "TreesRegressor": "forests",
}
"""The same for estimators of tables, by the last step alone: the first encodes the rows."""


def explain_rows(
    estimator: Any, rows: npt.NDArray[np.float64], inputs: Mapping[str, AnyInput]
) -> list[Explanation]:
    """Why a fitted estimator of tables scores each coded row as it does, in their order.

    inputs: of the manifest, one a column; each is named once at the most. RequestError for an
    estimator that is not of the catalogue.
    """
    model = getattr(estimator, "steps", [("model", estimator)])[-1][1]
    kind = type(model).__name__
    if kind not in TABLE_EXPLAINERS:
        raise RequestError(
            f"there is no explanation of rows for the estimator {kind}; there is for "
            f"{', '.join(TABLE_EXPLAINERS)}"
        )
    if not len(rows):
        return []
    name = TABLE_EXPLAINERS[kind]
    if getattr(model, "kind", "") == "adaboost":  # its median is no sum
        name = "coalitions"
    explainer = import_module(f"switchyard.explanations.{name}")
    encoder = estimator[0]
    bases, margins, parts = explainer.contributions(encoder, model, rows, len(inputs))
    return [
        explanation(None, float(base), float(margin), told(row, part, inputs))
        for base, margin, row, part in zip(bases, margins, rows, parts, strict=True)
    ]


def told(
    row: npt.NDArray[np.float64], part: npt.NDArray[np.float64], inputs: Mapping[str, AnyInput]
) -> list[Contribution]:
    """The contribution of each input, with what the row has there."""
    return [
        Contribution(name, decoded(float(code), declared), float(amount), None, None)
        for (name, declared), code, amount in zip(inputs.items(), row, part, strict=True)
    ]


def explain(estimator: Any, texts: Sequence[str]) -> list[Explanation]:
    """Why a fitted estimator scores each raw URL as it does, in their order.

    RequestError for an estimator that is not of the catalogue; DataError for what is not text.
    """
    steps = [step for _, step in getattr(estimator, "steps", [("model", estimator)])]
    kinds = tuple(type(step).__name__ for step in steps)
    if kinds not in EXPLAINERS:
        known = "; ".join(" → ".join(each) for each in EXPLAINERS)
        raise RequestError(
            f"there is no explanation for the estimator {' → '.join(kinds)}; there is for {known}"
        )
    urls = canonicalise_all(texts)
    if not len(urls):
        return []
    explainer = import_module(f"switchyard.explanations.{EXPLAINERS[kinds]}")
    found: list[Explanation] = explainer.explanations(estimator, urls)
    return found
