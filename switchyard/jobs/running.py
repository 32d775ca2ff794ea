"""One attempt at one job: claimed, scored, published, ended."""

from __future__ import annotations

import logging
import threading
import uuid
from contextlib import suppress
from typing import Literal

from switchyard.batches.scoring import Totals, score_file
from switchyard.errors import DataError, PlatformError
from switchyard.jobs.files import INPUTS, RESULTS, JobFiles
from switchyard.jobs.ledger import Ledger
from switchyard.jobs.records import Beat, Claim, End, Ticket, now
from switchyard.jobs.upkeep import leave_only
from switchyard.serving.predictor import Predictor

log = logging.getLogger("switchyard.jobs")


class Stopped(Exception):  # noqa: N818  it was asked for
    """The worker is to end; the job is handed back."""


class Lost(Exception):  # noqa: N818  nobody is to blame
    """The job was deleted, or another worker has taken it over."""


class Attempt:
    """An attempt at a job; `beat` may be called from another thread meanwhile."""

    def __init__(
        self,
        ticket: Ticket,
        number: int,
        ledger: Ledger,
        files: JobFiles,
        predictor: Predictor,
        stop: threading.Event,
        most_rows: int,
    ) -> None:
        self.ticket, self.number = ticket, number
        self._ledger, self._files = ledger, files
        self._predictor, self._stop = predictor, stop
        self._most_rows = most_rows
        self._claim = Claim(worker=uuid.uuid4().hex, started=now(), model_version=predictor.version)
        self._state = Beat(number=0)
        self._beating = threading.Lock()
        self._live = False

    def claim(self) -> bool:
        """Whether the attempt is this worker's to make."""
        self._live = self._ledger.claim(self.ticket.run, self.number, self._claim)
        return self._live

    def beat(self) -> None:
        """Let the others know that this attempt is alive."""
        with self._beating:
            if self._live:
                self._state = self._state.model_copy(update={"number": self._state.number + 1})
                self._ledger.beat(self.ticket.run, self.number, self._state)

    def run(self) -> None:
        """Score the file and end the job.

        Stopped when the worker is to end, Lost when the job is another's: nothing is left then.
        PlatformError when something failed that may be well the next time: the attempt is silent
        from now on, and after a lease there is another one.
        """
        try:
            self.beat()
            end = self._ended()
            published = self._ledger.end(self.ticket.run, end)
        except PlatformError as error:
            self._note(str(error))
            raise
        finally:
            with self._beating:
                self._live = False
        try:
            self._tidy(end, published)
        except PlatformError as error:
            log.warning("what the job %s leaves is deleted later: %s", self.ticket.id, error)
        if not published:
            raise Lost

    def hand_back(self) -> None:
        """Leave the job as if this attempt had not been made."""
        self._ledger.hand_back(self.ticket.run, self.number)

    def _ended(self) -> End:
        """How the job ended, its result published under the name that this says."""
        name = self.ticket.result(self.number)
        try:
            totals = self._score(name)
        except DataError as error:
            return self._end("failed", error=str(error))
        except (Stopped, Lost, PlatformError):
            raise
        except Exception as error:
            log.exception("the job %s cannot be scored", self.ticket.id)
            return self._end("failed", error=f"scoring failed: {type(error).__name__}: {error}")
        self._become(rows=totals.rows, done=totals.rows, rejected=totals.rejected)
        return self._end("succeeded", result=name)

    def _score(self, name: str) -> Totals:
        with self._files.open(INPUTS, self.ticket.input) as source:
            draft = self._files.draft(RESULTS, name)
            try:
                totals = score_file(
                    source,
                    self.ticket.kind,
                    draft.stream,
                    self.ticket.target,
                    self._predictor,
                    on_progress=self._progress,
                    on_rows=self._expect,
                )
                self._require_hold()
                draft.commit()
            except OSError as cause:
                draft.discard()
                self._require_hold()  # a job that is deleted meanwhile loses its files
                raise self._files.failure("read or written", cause) from cause
            except BaseException:
                draft.discard()
                raise
        return totals

    def _expect(self, rows: int) -> None:
        self._require_rows(rows)
        self._become(rows=rows)

    def _require_rows(self, rows: int) -> None:
        if rows > self._most_rows:
            raise DataError(
                f"the file has {rows:,} rows or more, a job may have {self._most_rows:,}; divide "
                "it, or raise serving.limits.max_job_rows"
            )

    def _progress(self, done: int, rejected: int) -> None:
        self._require_rows(done)
        self._become(done=done, rejected=rejected)
        if self._stop.is_set():
            raise Stopped
        self._require_hold()

    def _require_hold(self) -> None:
        if not self._ledger.holds(self.ticket, self.number, self._claim.worker):
            raise Lost

    def _become(self, **changed: object) -> None:
        with self._beating:
            self._state = self._state.model_copy(update=changed)

    def _end(
        self,
        status: Literal["succeeded", "failed"],
        error: str | None = None,
        result: str | None = None,
    ) -> End:
        return End(
            status=status,
            started=self._claim.started,
            finished=now(),
            rows=self._state.rows,
            done=self._state.done,
            rejected=self._state.rejected,
            error=error,
            model_version=self._claim.model_version,
            result=result,
        )

    def _note(self, error: str) -> None:
        """Let the next attempt, or who gives the job up, know why this one failed."""
        self._become(error=error, number=self._state.number + 1)
        with suppress(PlatformError):  # the books may be what failed
            self._ledger.beat(self.ticket.run, self.number, self._state)

    def _tidy(self, end: End, published: bool) -> None:
        if published:
            leave_only(end.result, self.ticket, self._files)
            self._ledger.forget_attempts(self.ticket.run)
        elif end.result is not None:
            self._files.remove(RESULTS, end.result)
