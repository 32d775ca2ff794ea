"""Canonical form first, so that how a URL was pasted never decides."""

from __future__ import annotations

from switchyard.text.documents import TextStep
from switchyard.urls.bulk import canonicalise_all


class CanonicalUrls(TextStep):
    """Raw URLs to their canonical form, a list of `str`; canonical URLs stay as they are."""

    def transform(self, X: object) -> list[str]:
        """The canonical URLs in the same order."""
        canonical: list[str] = canonicalise_all(X).to_pylist()
        return canonical
