"""Readable pieces of a URL, and the shares of overlapping features that each piece gets."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from switchyard.explanations.results import Contribution

LARGEST = 24
"""So many pieces are told one by one; what is left of a longer URL is one contribution."""

_BORDER = re.compile("[/?#]")
_PIECE = re.compile(r"(?:[A-Za-z0-9]|%[0-9A-F]{2})+")

Spans = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def cut(text: str) -> list[tuple[int, int]]:
    """Start and end of each piece of a canonical URL: they cover it, in order, without overlap.

    A piece is a word with the marks before it (`paypal`, `-login`, `.example`, `/verify`, `?id`);
    marks that no word follows belong to the piece before. None straddles the end of the host.
    """
    border = _BORDER.search(text)
    end = border.start() if border else len(text)
    return [*_cut(text, 0, end), *_cut(text, end, len(text))]


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    if start == end:
        return []
    ends = [word.end() for word in _PIECE.finditer(text, start, end)]
    ends[-1:] = [end]
    return list(zip([start, *ends], ends, strict=False))


def shares(pieces: list[tuple[int, int]], spans: Spans, amounts: Floats) -> Floats:
    """The amount of each piece: that of a span is shared out evenly among its characters.

    spans: (n, 2) start and end of each, not empty; amounts: (n,).
    """
    if not pieces:
        return np.empty(0)
    sizes = spans[:, 1] - spans[:, 0]
    before = np.cumsum(sizes) - sizes
    characters = np.arange(sizes.sum()) + np.repeat(spans[:, 0] - before, sizes)
    owners = np.repeat(np.arange(len(pieces)), [end - start for start, end in pieces])
    weights = np.repeat(amounts / sizes, sizes)
    return np.bincount(owners[characters], weights, len(pieces)).astype(np.float64)


def contributions(text: str, spans: Spans, amounts: Floats) -> list[Contribution]:
    """The contributions of the pieces of a canonical URL, in its order."""
    pieces = cut(text)
    shared = shares(pieces, spans, amounts)
    told = np.sort(np.argsort(-np.abs(shared), kind="stable")[:LARGEST])
    found = [
        Contribution(text[start:end], None, float(shared[at]), start, end)
        for at, (start, end) in ((at, pieces[at]) for at in told.tolist())
    ]
    left = np.delete(shared, told)
    if np.any(left):
        name = f"{np.count_nonzero(left)} smaller pieces"
        found.append(Contribution(name, None, float(left.sum()), None, None))
    return found
