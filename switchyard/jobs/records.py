"""What is kept of a job, and how it is told.

A ticket is written once, when the job is accepted, and an end once, when it is done. Between them
stand the attempts: each is claimed by one worker, which lets its beat be heard while it lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from switchyard.batches.kinds import Kind
from switchyard.records import Record

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class Job(Record):
    """A job as the API tells it; times are ISO 8601 in UTC.

    rows: how many the file has, null until known; model_version: of the model that scores or
    scored, before that of the service that took the job.
    """

    id: str
    status: Status
    created: str
    started: str | None
    finished: str | None
    rows: int | None
    rows_done: int
    rows_rejected: int
    error: str | None
    model_version: str
    format: Kind


class Ticket(Record):
    """An accepted job. run: names its files and attempts; another one each time an id is used."""

    id: str
    run: str
    kind: Kind
    target: Kind
    created: str
    model_version: str

    @property
    def input(self) -> str:
        """The name of its input file."""
        return f"{self.run}.{self.kind}"

    def result(self, attempt: int) -> str:
        """The name of the result file of an attempt."""
        return f"{self.run}.{attempt}.{self.target}"


class Claim(Record):
    """An attempt at a job. worker: a token that no other worker has."""

    worker: str
    started: str
    model_version: str


class Beat(Record):
    """A sign of life of an attempt, and how far it is; `number` grows with each."""

    number: int = Field(ge=0)
    rows: int | None = None
    done: int = 0
    rejected: int = 0
    error: str | None = None


class End(Record):
    """How a job ended. result: the name of the file, of a job that succeeded."""

    status: Literal["succeeded", "failed"]
    started: str | None
    finished: str
    rows: int | None = None
    done: int = 0
    rejected: int = 0
    error: str | None = None
    model_version: str
    result: str | None = None


class State(Record):
    """All that is known of a ticket's run. claims, beats: by the number of the attempt, from 1."""

    claims: Mapping[int, Claim] = {}
    beats: Mapping[int, Beat] = {}
    end: End | None = None

    @property
    def attempt(self) -> int:
        """The latest attempt, 0 when there is none."""
        return max(self.claims, default=0)


def told(ticket: Ticket, state: State) -> Job:
    """The job as the API tells it."""
    end, claim = state.end, state.claims.get(state.attempt)
    beat = state.beats.get(state.attempt, Beat(number=0))
    if end is not None:
        return Job(
            id=ticket.id,
            status=end.status,
            created=ticket.created,
            started=end.started,
            finished=end.finished,
            rows=end.rows,
            rows_done=end.done,
            rows_rejected=end.rejected,
            error=end.error,
            model_version=end.model_version,
            format=ticket.target,
        )
    return Job(
        id=ticket.id,
        status="running" if claim else "queued",
        created=ticket.created,
        started=claim.started if claim else None,
        finished=None,
        rows=beat.rows if claim else None,
        rows_done=beat.done if claim else 0,
        rows_rejected=beat.rejected if claim else 0,
        error=None,
        model_version=claim.model_version if claim else ticket.model_version,
        format=ticket.target,
    )


def now() -> str:
    """The time, as it is kept and told."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
