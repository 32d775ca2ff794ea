"""Which words of URLs tell the classes apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import log, sqrt

_WORD = re.compile(r"[a-z][a-z0-9]{1,19}")


@dataclass(frozen=True)
class Telling:
    """A word, in how many domains of each class it stands, and its log-odds ratio with its score.

    `log_odds` is above 0 where it speaks for the positive class; `score` is that over its standard
    error.
    """

    word: str
    positive: int
    negative: int
    log_odds: float
    score: float


def telling_words(
    urls: Iterable[str], labels: Iterable[int], groups: Iterable[str], top: int = 15
) -> tuple[list[Telling], list[Telling]]:
    """The words that speak most for the positive and for the negative class.

    A word counts once a domain and class, so that no large site decides; log-odds are smoothed by
    half an occurrence (Haldane-Anscombe) and ranked by score.
    """
    seen: tuple[dict[str, set[str]], dict[str, set[str]]] = ({}, {})
    for url, label, group in zip(urls, labels, groups, strict=True):
        seen[label].setdefault(group, set()).update(_WORD.findall(url.lower()))
    negative, positive = (
        Counter(word for words in each.values() for word in words) for each in seen
    )
    totals = len(seen[0]), len(seen[1])
    told = []
    for word in negative.keys() | positive.keys():
        bad, good = positive[word], negative[word]
        if bad + good < 5:
            continue
        odds = log((bad + 0.5) / (totals[1] - bad + 0.5))
        odds -= log((good + 0.5) / (totals[0] - good + 0.5))
        error = sqrt(sum(1 / (count + 0.5) for count in (bad, good)))
        told.append(Telling(word, bad, good, odds, odds / error))
    told.sort(key=lambda each: (-each.score, each.word))
    for_bad = [each for each in told[:top] if each.score > 0]
    for_good = [each for each in reversed(told[-top:]) if each.score < 0]
    return for_bad, for_good
