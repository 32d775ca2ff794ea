"""Stop words: common English words and the boilerplate of URLs, kept in the code."""

from __future__ import annotations

from switchyard.text.documents import TextStep, as_strings

ENGLISH = (
    "a", "about", "above", "after", "again", "against", "all", "am", "an", "and", "any", "are",
    "as", "at", "be", "because", "been", "before", "being", "below", "between", "both", "but",
    "by", "can", "could", "did", "do", "does", "doing", "down", "during", "each", "few", "for",
    "from", "further", "had", "has", "have", "having", "he", "her", "here", "hers", "herself",
    "him", "himself", "his", "how", "i", "if", "in", "into", "is", "it", "its", "itself", "just",
    "me", "more", "most", "my", "myself", "no", "nor", "not", "now", "of", "off", "on", "once",
    "only", "or", "other", "our", "ours", "ourselves", "out", "over", "own", "same", "she",
    "should", "so", "some", "such", "than", "that", "the", "their", "theirs", "them",
    "themselves", "then", "there", "these", "they", "this", "those", "through", "to", "too",
    "under", "until", "up", "very", "was", "we", "were", "what", "when", "where", "which",
    "while", "who", "whom", "why", "will", "with", "would", "you", "your", "yours", "yourself",
    "yourselves",
)  # fmt: skip
URL_BOILERPLATE = (
    "asp", "aspx", "cgi", "com", "ftp", "htm", "html", "http", "https", "index", "jsp", "net",
    "org", "php", "www",
)  # fmt: skip


class StopWords(TextStep):
    """Space-separated words without those that tell little; compared in lower case.

    extra: further words to drop.
    """

    def __init__(
        self, *, english: bool = True, boilerplate: bool = True, extra: tuple[str, ...] = ()
    ) -> None:
        self.english = english
        self.boilerplate = boilerplate
        self.extra = extra

    def words(self) -> frozenset[str]:
        """The words that are dropped."""
        return frozenset(
            (ENGLISH if self.english else ())
            + (URL_BOILERPLATE if self.boilerplate else ())
            + tuple(word.lower() for word in self.extra)
        )

    def transform(self, X: object) -> list[str]:
        """One string of the remaining words a document."""
        dropped = self.words()
        return [
            " ".join([word for word in text.split() if word.lower() not in dropped])
            for text in as_strings(X)
        ]
