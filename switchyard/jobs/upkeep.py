"""Putting back what a dead worker left, and deleting what is old or belongs to nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from switchyard.jobs.brokers import Broker, Entry
from switchyard.jobs.files import DRAFTS, INPUTS, RESULTS, JobFiles
from switchyard.jobs.ledger import ATTEMPTS, Books, Ledger
from switchyard.jobs.records import Beat, End, State, Ticket, now

ORPHAN_S = 86_400.0
"""Files of no job are deleted when they are so old: an upload of one to come may take its time."""

log = logging.getLogger("switchyard.jobs")


def leave_only(result: str | None, ticket: Ticket, files: JobFiles) -> None:
    """Delete the files of a run but for its result: what was sent, and what dead attempts left."""
    drafts = [name for name, _ in files.names(DRAFTS) if name.startswith(ticket.run)]
    results = {ticket.result(attempt) for attempt in range(1, ATTEMPTS + 1)} - {result}
    for folder, names in ((INPUTS, [ticket.input]), (RESULTS, results), (DRAFTS, drafts)):
        for name in names:
            files.remove(folder, name)


def erase(ticket: Ticket, ledger: Ledger, files: JobFiles) -> None:
    """Delete the files of a job that was struck from the books, and what is known of its run."""
    leave_only(None, ticket, files)
    ledger.forget(ticket.run)


class Upkeep:
    """Keeps the books in order; any number of workers may do so at once.

    A worker is taken for dead when its beat was seen, by this object, not to change for the length
    of a lease. That no two clocks have to agree is worth the one lease that it takes after a start.
    """

    def __init__(
        self,
        broker: Broker,
        files: JobFiles,
        lease_s: float,
        retention_days: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._ledger = Ledger(broker)
        self._files = files
        self._lease_s = lease_s
        self._retention = timedelta(days=retention_days)
        self._clock = clock
        self._seen: dict[str, tuple[int, Beat | None, float]] = {}

    def recover(self, starting: bool = False) -> int:
        """Put into the queue each job that nobody works on and that is not in it; how many.

        starting: before this worker takes anything, so that a job without an attempt is put back at
        once; later one may have been taken just now.
        """
        queued = {(entry.run, entry.attempt) for entry in self._broker.entries()}
        books = self._ledger.books()
        watched: dict[str, tuple[int, Beat | None, float]] = {}
        found = 0
        for ticket in books.tickets:
            state = books.states.get(ticket.run, State())
            if state.end is not None or (ticket.run, state.attempt + 1) in queued:
                continue
            watched[ticket.run] = since = self._watched(ticket.run, state)
            silent = self._clock() - since[2] >= self._lease_s
            if not silent and not (starting and state.attempt == 0):
                continue
            if state.attempt == ATTEMPTS:
                self._give_up(ticket, state)
                continue
            log.warning("job %s: nobody is at it; attempt %s", ticket.id, state.attempt + 1)
            self._broker.put(Entry(ticket.id, ticket.run, state.attempt + 1))
            watched[ticket.run] = (*since[:2], self._clock())
            found += 1
        self._seen = watched
        return found

    def retire(self) -> int:
        """Delete what ended too long ago, and what belongs to no job; how many jobs."""
        books = self._ledger.books()
        oldest = datetime.now(UTC) - self._retention
        kept, retired = [], 0
        for ticket in books.tickets:
            end = books.states.get(ticket.run, State()).end
            if end is None or datetime.fromisoformat(end.finished) >= oldest:
                kept.append(ticket)
            elif self._ledger.strike(ticket.id) is not None:
                erase(ticket, self._ledger, self._files)
                retired += 1
        books.tickets = kept
        self._forget_attempts(books)
        self._remove_files(books)
        return retired

    def _watched(self, run: str, state: State) -> tuple[int, Beat | None, float]:
        """The latest attempt, its beat, and since when it has been so."""
        beat = state.beats.get(state.attempt)
        seen = self._seen.get(run)
        if seen is not None and seen[:2] == (state.attempt, beat):
            return seen
        return state.attempt, beat, self._clock()

    def _give_up(self, ticket: Ticket, state: State) -> None:
        beat = state.beats.get(state.attempt, Beat(number=0))
        errors = [each.error for each in state.beats.values() if each.error]
        cause = (
            f"the last error: {errors[-1]}"
            if errors
            else (
                f"the worker died each time, last after {beat.done:,} rows. Perhaps they need more "
                "memory than there is; divide the file"
            )
        )
        claim = state.claims[state.attempt]
        end = End(
            status="failed",
            started=claim.started,
            finished=now(),
            rows=beat.rows,
            done=beat.done,
            rejected=beat.rejected,
            error=f"given up after {ATTEMPTS} attempts; {cause}",
            model_version=claim.model_version,
        )
        if self._ledger.end(ticket.run, end):
            log.error("the job %s is given up: %s", ticket.id, end.error)
            leave_only(None, ticket, self._files)

    def _forget_attempts(self, books: Books) -> None:
        known = {ticket.run for ticket in books.tickets}
        for run, state in books.states.items():
            if run not in known:
                self._ledger.forget(run)
            elif state.end is not None and (state.claims or state.beats):
                self._ledger.forget_attempts(run)

    def _remove_files(self, books: Books) -> None:
        """What is not the result of a job that ended, and what belongs to none."""
        ends = {ticket.run: books.states.get(ticket.run, State()).end for ticket in books.tickets}
        for folder in (INPUTS, RESULTS, DRAFTS):
            for name, age_s in list(self._files.names(folder)):
                run = name.partition(".")[0]
                end = ends.get(run)
                if end is not None:
                    superfluous = name != end.result
                else:
                    superfluous = (run not in ends or folder == DRAFTS) and age_s > ORPHAN_S
                if superfluous:
                    self._files.remove(folder, name)
