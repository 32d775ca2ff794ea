"""Explanations of any estimator of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from switchyard.errors import RequestError
from switchyard.explanations.results import Contribution, Explanation
from switchyard.urls.bulk import canonicalise_all

__all__ = ["Contribution", "Explanation", "explain"]

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
