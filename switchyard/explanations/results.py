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
    """What one feature adds to the log-odds of the positive label, or to the predicted number.

    value: what the feature is in this instance, None where its name says all or it is missing;
    start, end: where it stands, characters of the text, None where it has no single place.
    """

    feature: str
    value: float | str | None
    contribution: float
    start: int | None
    end: int | None


@dataclass(frozen=True)
class Explanation:
    """base + the sum of the contributions = margin.

    Of a classification score = 1 / (1 + exp(-margin)); of a regression the margin is the predicted
    number, before it is held to any bounds. text: the canonical form that was scored, None for a
    row of a table; base: the margin before looking at it; contributions: none of them 0, the
    largest first.
    """

    text: str | None
    base: float
    margin: float
    contributions: tuple[Contribution, ...]


def explanation(
    text: str | None, base: float, margin: float, found: Sequence[Contribution]
) -> Explanation:
    """The explanation with what is found in order, and zeros left out.

    The models add up in single precision, we in double: the difference (millionths) is shared out
    in proportion. PlatformError when it is more than rounding, for then an explanation would lie.
    """
    kept = [one for one in found if one.contribution != 0.0]
    size = math.fsum(abs(one.contribution) for one in kept)
    gap = margin - math.fsum([base, *(one.contribution for one in kept)])
    if not abs(gap) <= ROUNDING * (1.0 + abs(base) + size):
        what = "a row" if text is None else f"'{text:.80}'"
        told = "number" if text is None else "log-odds"
        raise PlatformError(
            f"the contributions to the score of {what} miss its {told} of {margin:.6g} by "
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
