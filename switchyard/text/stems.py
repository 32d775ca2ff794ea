"""Stems: NLTK's English Snowball stemmer, asked once a distinct word and only where it can act."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from switchyard.text.documents import TextStep, as_strings

ENDINGS = (
    "ant", "ator", "e", "ed", "ent", "er", "ic", "ing", "ion", "ism", "iti", "l", "li", "nci",
    "ogi", "s", "y",
)  # fmt: skip
"""All suffixes that a Snowball step looks for end so: letters without one are their own stem."""

MEMO_WORDS = 1 << 17
MEMO_LENGTH = 64


def stem(word: str) -> str:
    """The word's stem as `SnowballStemmer("english")` gives it; lower-cased."""
    word = word.lower()
    if not word.endswith(ENDINGS) and word.isalpha():
        return word
    if len(word) > MEMO_LENGTH:
        return snowball()(word)
    return remembered(word)


@cache
def snowball() -> Callable[[str], str]:
    """NLTK's own English Snowball function."""
    from nltk.stem.snowball import SnowballStemmer

    function: Callable[[str], str] = SnowballStemmer("english").stem
    return function


@lru_cache(maxsize=MEMO_WORDS)
def remembered(word: str) -> str:
    """The stem, kept for the `MEMO_WORDS` words asked for most recently."""
    return snowball()(word)


class SnowballStems(TextStep):
    """Space-separated words, each replaced by its stem (lower-cased)."""

    def transform(self, X: object) -> list[str]:
        """One string of space-separated stems a document."""
        return [" ".join([stem(word) for word in text.split()]) for text in as_strings(X)]
