"""An explanation, and how its contributions are made to add up to the last digit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from switchyard.errors import PlatformError

ROUNDING = 1e-3
"""Single precision over the longest URL misses less than this share of what it adds up."""


@dataclass(frozen=True)
class Contribution:
    """What one feature adds to the log-odds of the positive label.

    value: what the feature is in this text, None where its name says all; start, end: where it
    stands, characters of the text, None where it has no single place.
    """

    feature: str
    value: float | str | None
    contribution: float
    start: int | None
    end: int | None


@dataclass(frozen=True)
class Explanation:
    """base + the sum of the contributions = margin, and score = 1 / (1 + exp(-margin)).

    text: the canonical form that was scored; base: the log-odds before looking at it;
    contributions: none of them 0, the largest first.
    """

    text: str
    base: float
    margin: float
    contributions: tuple[Contribution, ...]


def explanation(
    text: str, base: float, margin: float, found: Sequence[Contribution]
) -> Explanation:
    """The explanation with what is found in order, and zeros left out.

    The models add up in single precision, we in double: the difference (millionths) is shared out
    in proportion. PlatformError when it is more than rounding, for then an explanation would lie.
    """
    kept = [one for one in found if one.contribution != 0.0]
    size = math.fsum(abs(one.contribution) for one in kept)
    gap = margin - math.fsum([base, *(one.contribution for one in kept)])
    if not abs(gap) <= ROUNDING * (1.0 + abs(base) + size):
        raise PlatformError(
            f"the contributions to the score of '{text:.80}' miss its log-odds of {margin:.6g} by "
            f"{gap:.3g}: the model was packaged by another version of this code; train it again"
        )
    if kept:
        share = gap / size
        kept = [
            replace(one, contribution=one.contribution + share * abs(one.contribution))
            for one in kept
        ]
    else:
        base = margin
    kept.sort(key=lambda one: (-abs(one.contribution), one.feature, one.start or 0))
    return Explanation(text, base, margin, tuple(kept))
