"""What an input's column is called wherever it stands beside columns of our own."""

from __future__ import annotations

PREFIX = "input_"

RESERVED = frozenset(
    (
        *("data_digest", "date", "first_seen", "group", "high", "instance", "label"),
        *("labelled_at", "low", "model_version", "predicted", "problem", "request_id", "row"),
        *("scheme", "score", "sequence", "source", "synthetic", "threshold", "time"),
        *("true_label", "warning"),
    )
)
"""Columns of cleaned frames, of the prediction store, of archives and of scored files."""


def stored(name: str) -> str:
    """The column's own name, with a prefix where one of ours has it."""
    return f"{PREFIX}{name}" if name in RESERVED else name
