"""What a supervisor keeps on disk: which release should run, where, and what ran before.

Standard library only: the supervisor reads it, and stays small.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from switchyard.errors import PlatformError

FILE = "state.json"
KEPT = 10
"""So many releases stay in the history."""

Facts = dict[str, Any]
"""A release as JSON; the supervisor needs its `folder` and its `bento` only."""


@dataclass(frozen=True)
class State:
    """The desired state of one deployment.

    host, port: what was asked for; bound: the port that was free; since: ISO time of the switch;
    history: the releases that ran, the latest first, each with `since`; stopped: a person ended it.
    """

    host: str
    port: int
    bound: int
    workers: int
    release: Facts
    since: str
    previous: Facts | None = None
    history: tuple[Facts, ...] = ()
    restarts: int = 0
    stopped: bool = False

    @property
    def address(self) -> tuple[str, int]:
        """What was asked for."""
        return self.host, self.port

    def after(self, new: State) -> State:
        """The state in which the release of `new` has taken over from this one.

        The same release again (another port, new keys) leaves what a rollback goes back to.
        """
        again = new.release["bento"] == self.release["bento"]
        history = (*new.history, *self.history)[:KEPT]
        return replace(new, previous=self.previous if again else self.release, history=history)

    def ended(self) -> State:
        """The same, ended by a person."""
        return replace(self, stopped=True)


def entry(release: Facts, since: str) -> Facts:
    """A line of the history."""
    return {"since": since, "release": release}


def read(folder: Path) -> State | None:
    """The state in `folder`, None when nothing was deployed; PlatformError when it is broken."""
    path = folder / FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return State(**{**values, "history": tuple(values["history"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise PlatformError(
            f"'{path}' does not say what is deployed: {error}; delete it, then deploy again"
        ) from error


def write(folder: Path, state: State) -> None:
    """Replace the state in one step, so that a crash leaves the old one or the new one.

    PlatformError when the disk refuses; the old state stays then.
    """
    path, beside = folder / FILE, folder / f".{FILE}"
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump(asdict(state), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise PlatformError(
            f"'{path}' cannot be written: {error.strerror or error}; make room, then try again"
        ) from error
