"""The libraries that only some candidates need, and how to get them."""

from __future__ import annotations

from switchyard.errors import RequestError

EXTRA = "boosters"
"""The extra of this package that brings XGBoost and CatBoost."""


def missing_library(who: str, library: str) -> RequestError:
    """What is missing for whom, and what to do about it."""
    return RequestError(
        f"{who} needs the library {library}, which is not installed: `uv sync --extra {EXTRA}`, or "
        f"`uv run --extra {EXTRA} run.py …`"
    )
