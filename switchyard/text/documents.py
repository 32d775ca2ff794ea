"""What every text step shares: a checked 1-D sequence of strings, and scikit-learn's tags."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import BaseEstimator, TransformerMixin

from switchyard.urls.bulk import as_arrow


def as_strings(documents: Any) -> list[str]:
    """The documents as a list of `str`; whatever `as_arrow` accepts, checked as it checks."""
    if isinstance(documents, list) and are_strings(documents):
        return documents
    strings: list[str] = as_arrow(documents).to_pylist()
    return strings


def are_strings(documents: list[Any]) -> bool:
    """Whether each is a `str` that UTF-8 can write: such a list needs no conversion."""
    return all(type(text) is str and (text.isascii() or _is_whole(text)) for text in documents)


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


class TextStep(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Base of the steps over URL strings; those that learn nothing inherit `fit` as it is."""

    _learns = False

    def fit(self, X: object, y: object = None) -> Self:  # noqa: ARG002
        """Check the input; nothing is learned."""
        as_arrow(X)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        tags.no_validation = True
        tags.requires_fit = self._learns
        return tags
