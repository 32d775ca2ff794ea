"""Which of the known names a person most likely meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

ALIKE = 0.4
"""Below this likeness (of 1) a guess would only mislead."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, whatever its case; None when none is like it."""
    lowered = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=ALIKE)
    return lowered[found[0]] if found else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """'did you mean …? ' for a sentence that goes on, or nothing."""
    found = nearest(name, known)
    return f"did you mean '{found}'? " if found else ""
