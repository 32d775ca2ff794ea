"""Instances made up from the inputs of a manifest: to warm up with, to try, to show."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from switchyard.packages.manifest import AnyInput, Category, Number

_NULL_SHARE = 0.2
_DIGITS = 4


def sample_instances(inputs: Mapping[str, AnyInput], count: int, seed: int) -> list[dict[str, Any]]:
    """Instances of known categories and of numbers as trained ones; the same for the same seed.

    The first has a value wherever there can be one; in the others some of those are null that may
    be missing.
    """
    chance = random.Random(seed)  # noqa: S311  nothing secret
    return [
        {name: _value(declared, chance, whole=at == 0) for name, declared in inputs.items()}
        for at in range(count)
    ]


def columns_of(instances: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, list[Any]]:
    """Instances as columns; a key that is not there is null."""
    return {name: [instance.get(name) for instance in instances] for name in names}


def _value(declared: AnyInput, chance: random.Random, *, whole: bool) -> Any:
    if isinstance(declared, Number):
        value: Any = _number(declared, chance)
    elif isinstance(declared, Category):
        known = declared.values or (("other",) if declared.other else (None,))
        value = chance.choice(known)
    else:
        return f"sample{chance.randrange(1_000)}.example/up"
    left_out = declared.missing and chance.random() < _NULL_SHARE
    return None if left_out and not whole else value


def _number(declared: Number, chance: random.Random) -> float:
    low, high = declared.minimum, declared.maximum
    drawn = low + (high - low) * chance.random()
    if declared.integer:
        return round(drawn)
    short = float(f"{drawn:.{_DIGITS}g}")
    return min(max(short, low), high)
