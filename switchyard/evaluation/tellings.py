"""What a model goes by: the tokens of a URL that speak most for and against the positive class."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from switchyard.records import Record
from switchyard.urls.bulk import canonicalise_all

LEAST_URLS = 5
"""A token in fewer of the sampled URLs is not judged."""

_TOKENS, _URLS_A_TOKEN, _CHUNK = 400, 25, 20
_TOKEN = re.compile(r"[A-Za-z0-9]+")
_EDGE = 1e-6

_REMOVAL = (
    "mean change of the model's log-odds when the token is cut out of URLs that have it, the rest "
    "left as it is"
)
_COEFFICIENTS = "the linear model's own weight: log-odds that one occurrence of the term adds"


class Token(Record):
    """A token, the log-odds of class 1 that it adds, and how many of the sampled URLs have it."""

    token: str
    weight: float
    urls: int


class Telling(Record):
    """The most telling tokens, strongest first, how they were found, and among how many URLs."""

    method: str
    positive: tuple[Token, ...]
    negative: tuple[Token, ...]
    sampled: int


def telling_tokens(
    estimator: Any,
    urls: Sequence[str] | npt.NDArray[Any] | Any,
    *,
    limit: int = 15,
    sample: int = 5_000,
    seconds: float = 5.0,
    seed: int = 0,
) -> Telling:
    """Of a linear model over terms its weights; of any other what removing tokens does to it.

    estimator: fitted, `predict_proba` over raw URLs. `seconds` bounds the removals: of a slow
    model the rarer tokens are left out.
    """
    chosen = _sampled(urls, sample, seed)
    linear = _linear(estimator)
    if linear is not None and chosen:
        found, method = _weighed(*linear, chosen), _COEFFICIENTS
    else:
        found, method = _removed(estimator, chosen, seconds), _REMOVAL
    found.sort(key=lambda token: (-token.weight, token.token))
    return Telling(
        method=method,
        positive=tuple(token for token in found[:limit] if token.weight > 0),
        negative=tuple(token for token in found[::-1][:limit] if token.weight < 0),
        sampled=len(chosen),
    )


def _sampled(urls: Any, sample: int, seed: int) -> list[str]:
    canonical: list[str] = canonicalise_all(urls).to_pylist()
    if len(canonical) <= sample:
        return canonical
    rows = np.random.default_rng(seed).choice(len(canonical), sample, replace=False)
    return [canonical[row] for row in np.sort(rows)]


def _linear(estimator: Any) -> tuple[Any, npt.NDArray[Any], npt.NDArray[Any]] | None:
    """The steps before a linear model over named terms, the terms, and their weights."""
    steps = getattr(estimator, "steps", None)
    if not steps or not hasattr(steps[-2][1] if len(steps) > 1 else None, "get_feature_names_out"):
        return None
    model = steps[-1][1]
    if hasattr(model, "coef_"):
        weights = np.ravel(model.coef_)
    elif hasattr(model, "feature_log_prob_") and len(model.feature_log_prob_) == 2:
        weights = model.feature_log_prob_[1] - model.feature_log_prob_[0]
    else:
        return None
    try:
        terms = np.asarray(steps[-2][1].get_feature_names_out(), dtype=object)
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        return None  # hashed features have no names
    return (estimator[:-1], terms, weights) if len(terms) == len(weights) else None


def _weighed(
    steps: Any, terms: npt.NDArray[Any], weights: npt.NDArray[Any], urls: list[str]
) -> list[Token]:
    counts = np.ravel((steps.transform(urls) > 0).sum(axis=0))
    return [
        Token(token=str(terms[at]), weight=float(weights[at]), urls=int(counts[at]))
        for at in np.flatnonzero(counts >= LEAST_URLS)
    ]


def _removed(estimator: Any, urls: list[str], seconds: float) -> list[Token]:
    stop = time.monotonic() + seconds
    having: dict[str, list[int]] = {}
    frequency: Counter[str] = Counter()
    for row, url in enumerate(urls):
        for token in dict.fromkeys(_TOKEN.findall(url.lower())):
            frequency[token] += 1
            having.setdefault(token, []).append(row)
    ranked = sorted(frequency.items(), key=lambda item: (-item[1], item[0]))
    tokens = [token for token, count in ranked[:_TOKENS] if count >= LEAST_URLS]
    found: list[Token] = []
    for start in range(0, len(tokens), _CHUNK):
        if time.monotonic() > stop:
            break
        chunk = tokens[start : start + _CHUNK]
        pairs = [
            (token, urls[row], cut)
            for token in chunk
            for row in _spread(having[token])
            if (cut := without(urls[row], token)).strip("./-")
        ]
        gains = _log_odds(estimator, [whole for _, whole, _ in pairs])
        gains -= _log_odds(estimator, [cut for _, _, cut in pairs])
        owners = np.array([token for token, _, _ in pairs], dtype=object)
        found.extend(
            Token(token=token, weight=float(gains[owners == token].mean()), urls=frequency[token])
            for token in chunk
            if (owners == token).sum() >= LEAST_URLS
        )
    return found


def without(url: str, token: str) -> str:
    """The URL with every occurrence of a whole token cut out, upper or lower case."""
    return re.sub(
        rf"(?<![A-Za-z0-9]){re.escape(token)}(?![A-Za-z0-9])", "", url, flags=re.IGNORECASE
    )


def _spread(rows: list[int]) -> list[int]:
    """At most `_URLS_A_TOKEN` of the rows, evenly."""
    step = max(1, -(-len(rows) // _URLS_A_TOKEN))
    return rows[::step]


def _log_odds(estimator: Any, urls: list[str]) -> npt.NDArray[np.float64]:
    if not urls:
        return np.empty(0)
    chances = np.clip(np.asarray(estimator.predict_proba(urls))[:, 1], _EDGE, 1.0 - _EDGE)
    odds: npt.NDArray[np.float64] = np.log(chances) - np.log1p(-chances)
    return odds
