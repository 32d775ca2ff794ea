"""What the cards of all kinds of models have in common."""

from __future__ import annotations

from switchyard.packages.manifest import Details

WEAK = 8
"""So many of the weakest slices are told."""

NO_SLICES = "No slice of the holdout has enough rows to be told."

_NAMED = 12


def inputs_told(details: Details) -> str:
    """The inputs of a table by name, of many only the first."""
    names = [f"`{name}`" for name in list(details.inputs)[:_NAMED]]
    more = len(details.inputs) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def cell(text: str) -> str:
    """A text inside a table of Markdown."""
    return text.replace("|", "\\|").replace("\n", " ")
