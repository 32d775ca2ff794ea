"""What an examination finds: one sentence a check, with the command that mends what is wrong."""

from __future__ import annotations

from typing import Literal

from switchyard.records import Record


class Finding(Record):
    """One check of one component.

    about: the component's kind, or what else was looked at; state: 'note' is nothing to mend, as
    what could not be looked at from here; fix: a command or what to do, '' when nothing is wrong.
    """

    about: str
    state: Literal["ok", "note", "wrong"]
    told: str
    fix: str = ""


class Told:
    """Makes the findings about one thing."""

    def __init__(self, about: str) -> None:
        self._about = about

    def ok(self, told: str) -> Finding:
        """It is as it should be."""
        return Finding(about=self._about, state="ok", told=told)

    def note(self, told: str, fix: str = "") -> Finding:
        """A person may want to know."""
        return Finding(about=self._about, state="note", told=told, fix=fix)

    def wrong(self, told: str, fix: str) -> Finding:
        """It does not work, and this mends it."""
        return Finding(about=self._about, state="wrong", told=told, fix=fix)
