"""The books of all jobs. What stands here is the truth; the queue only says what to look at.

job.{id}             the ticket, written once: the job is accepted
claim.{run}.{n}      the worker of attempt n, written once: of several, one gets it
beat.{run}.{n}       its sign of life
end.{run}            how the job ended, written once: of several attempts, one counts
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import ValidationError

from switchyard.errors import PlatformError
from switchyard.jobs.brokers import Broker, Entry
from switchyard.jobs.records import Beat, Claim, End, State, Ticket

Entered = TypeVar("Entered", Ticket, Claim, Beat, End)

log = logging.getLogger("switchyard.jobs")

ATTEMPTS = 3
"""How many workers may die over a job."""


@dataclass
class Books:
    """All that stands in a ledger at one moment; states by run."""

    tickets: list[Ticket] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)


class Ledger:
    """Reads and writes the books of one use case; PlatformError when the broker fails."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def accept(self, ticket: Ticket) -> bool:
        """Enter a job; False when its id is taken."""
        return self._broker.set_new(f"job.{ticket.id}", _written(ticket))

    def ticket(self, id: str) -> Ticket | None:
        """The job of that id."""
        key = f"job.{id}"
        found = self._broker.get([key]).get(key)
        return None if found is None else _read(Ticket, found)

    def wanted(self, entries: Sequence[Entry]) -> int:
        """How many of these entries are of jobs that stand in the books."""
        return len(self._broker.get([f"job.{entry.id}" for entry in entries]))

    def state(self, run: str) -> State:
        """What became of a run so far."""
        return _state(run, self._broker.get(_keys(run)))

    def strike(self, id: str) -> Ticket | None:
        """Take a job out of the books; of several who try, one gets the ticket."""
        found = self._broker.pop(f"job.{id}")
        return None if found is None else _read(Ticket, found)

    def claim(self, run: str, attempt: int, claim: Claim) -> bool:
        """Take an attempt; False when somebody else has it."""
        return self._broker.set_new(f"claim.{run}.{attempt}", _written(claim))

    def holds(self, ticket: Ticket, attempt: int, worker: str) -> bool:
        """Whether the job is still wanted and its latest attempt is this worker's."""
        key = f"job.{ticket.id}"
        found = self._broker.get([key, *_keys(ticket.run)])
        state = _state(ticket.run, found)
        claim = state.claims.get(attempt)
        return (
            key in found
            and _read(Ticket, found[key]).run == ticket.run
            and state.end is None
            and state.attempt == attempt
            and claim is not None
            and claim.worker == worker
        )

    def hand_back(self, run: str, attempt: int) -> None:
        """Give up an attempt of one's own as if it had not been; it does not count."""
        self._broker.pop(f"beat.{run}.{attempt}")
        self._broker.pop(f"claim.{run}.{attempt}")

    def beat(self, run: str, attempt: int, beat: Beat) -> None:
        """Give a sign of life."""
        self._broker.set(f"beat.{run}.{attempt}", _written(beat))

    def end(self, run: str, end: End) -> bool:
        """End a job; False when it has ended already."""
        return self._broker.set_new(f"end.{run}", _written(end))

    def forget_attempts(self, run: str) -> None:
        """Drop the attempts of a run that has ended."""
        for key in _keys(run)[:-1]:
            self._broker.pop(key)

    def forget(self, run: str) -> None:
        """Drop all of a run that is in the books no more."""
        for key in _keys(run):
            self._broker.pop(key)

    def books(self) -> Books:
        """All that stands here."""
        found = self._broker.all()
        books = Books()
        runs: dict[str, dict[str, bytes]] = {}
        for key, value in found.items():
            kind, _, rest = key.partition(".")
            if kind == "job":
                try:
                    books.tickets.append(_read(Ticket, value))
                except PlatformError as error:
                    log.error("%s: %s; it is passed over", key, error)
            elif kind in ("claim", "beat", "end"):
                runs.setdefault(rest.partition(".")[0], {})[key] = value
        for run, values in runs.items():
            try:
                books.states[run] = _state(run, values)
            except PlatformError as error:
                log.error("run %s: %s; its job is passed over", run, error)
                books.tickets = [each for each in books.tickets if each.run != run]
        return books


def _keys(run: str) -> list[str]:
    """The keys of a run's attempts, and last that of its end."""
    attempts: Iterable[int] = range(1, ATTEMPTS + 1)
    return [
        *(f"{kind}.{run}.{attempt}" for attempt in attempts for kind in ("claim", "beat")),
        f"end.{run}",
    ]


def _state(run: str, found: Mapping[str, bytes]) -> State:
    claims, beats = {}, {}
    for attempt in range(1, ATTEMPTS + 1):
        if value := found.get(f"claim.{run}.{attempt}"):
            claims[attempt] = _read(Claim, value)
        if value := found.get(f"beat.{run}.{attempt}"):
            beats[attempt] = _read(Beat, value)
    end = found.get(f"end.{run}")
    return State(claims=claims, beats=beats, end=None if end is None else _read(End, end))


def _read(kind: type[Entered], value: bytes) -> Entered:
    """An entry; what a newer release wrote beside it is passed over."""
    try:
        return kind.model_validate_json(value, extra="ignore")
    except ValidationError as error:
        raise PlatformError(
            f"the books of jobs hold no {kind.__name__.lower()} where one should be ({error}); "
            "delete the job, or use the release that wrote it"
        ) from error


def _written(record: Ticket | Claim | Beat | End) -> bytes:
    return record.model_dump_json().encode()
