"""What differs between a stack file and what ZenML has, value by value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One thing that differs from the file, and how to make it equal.

    details: what differs, in a few words; lines: each value that goes (-) and comes (+).
    """

    thing: str
    verb: str
    details: str
    lines: tuple[str, ...]
    make: Callable[[], object]

    def sentence(self, *, done: bool) -> str:
        """What was changed, or what would be."""
        verb = self.verb if done else f"would be {self.verb}"
        return f"{self.thing} {verb}" + (f": {self.details}" if self.details else "")

    def shown(self) -> str:
        """What would be changed, with its values."""
        return "\n".join([f"{self.thing} would be {self.verb}", *(f"  {x}" for x in self.lines)])


def compared(
    before: Mapping[str, str], after: Mapping[str, str], differing: set[str]
) -> tuple[str, ...]:
    """The lines of a change; before, after: values by path, as they may be shown.

    differing: the top-level keys whose values differ, also where what is shown does not.
    """

    def changes(path: str) -> bool:
        return path.partition(".")[0].partition("[")[0] in differing

    lines = []
    for path in dict.fromkeys((*before, *after)):
        old, new = before.get(path), after.get(path)
        if not changes(path) or (old == new and not _masked(old)):
            continue
        if old is not None:
            lines.append(f"- {path}: {old}")
        if new is not None:
            lines.append(f"+ {path}: {new}")
    return tuple(lines)


def _masked(value: str | None) -> bool:
    from stacks.secrets import MASK

    return value == MASK
