"""Tokens: runs of Latin letters, found by NLTK's RegexpTokenizer."""

from __future__ import annotations

from switchyard.text.documents import TextStep, as_strings


class NltkTokens(TextStep):
    """Text to its tokens, joined by single spaces; case is kept.

    pattern: what a token is, for `nltk.tokenize.RegexpTokenizer`.
    """

    def __init__(self, pattern: str = "[A-Za-z]+") -> None:
        self.pattern = pattern

    def transform(self, X: object) -> list[str]:
        """One string of space-separated tokens a document."""
        from nltk.tokenize import RegexpTokenizer

        tokenize = RegexpTokenizer(self.pattern).tokenize
        return [" ".join(tokenize(text)) for text in as_strings(X)]
