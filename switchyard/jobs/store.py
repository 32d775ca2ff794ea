"""The board of jobs: where they are handed in, asked for and taken off."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import uuid
from collections.abc import AsyncIterator
from typing import BinaryIO

from switchyard.batches.kinds import MEDIA_TYPES, Kind
from switchyard.errors import PlatformError, RequestError
from switchyard.jobs.brokers import Broker, Entry
from switchyard.jobs.errors import QueueFull, RequestTooLarge
from switchyard.jobs.files import INPUTS, RESULTS, Draft, JobFiles
from switchyard.jobs.ledger import Ledger
from switchyard.jobs.records import Job, State, Ticket, now, told
from switchyard.jobs.upkeep import erase
from switchyard.serving.settings import Settings

__all__ = ["Job", "JobBoard", "QueueFull", "RequestTooLarge"]

_BLOCK = 1 << 20

log = logging.getLogger("switchyard.jobs")


class JobBoard:
    """The jobs of one service. Several boards, in several processes, may share them.

    Opening it makes the queue's file or reaches its server: RequestError when the settings cannot
    be meant, PlatformError when what they name fails, here and in every call.
    """

    def __init__(self, settings: Settings) -> None:
        self._jobs = settings.serving.jobs
        self._most_mb = settings.serving.limits.max_job_mb
        self._broker = Broker(settings.queue, settings.name)
        self._ledger = Ledger(self._broker)
        self._files = JobFiles(settings.jobs_store)
        self._accepting = threading.Lock()

    async def submit(
        self,
        kind: Kind,
        target_kind: Kind,
        source: AsyncIterator[bytes] | BinaryIO,
        idempotency_key: str | None = None,
        model_version: str = "",
    ) -> Job:
        """Take a file to be scored; once this returns, the job survives whatever is killed.

        source: read as it comes, never held whole. With an idempotency key that was used before,
        the job of that time is returned and the source is left alone.
        RequestTooLarge, QueueFull; RequestError for an empty file; PlatformError, for example when
        the disk is full: then nothing is left of it. Errors of the source pass through.
        """
        id = _id_of(idempotency_key)
        if idempotency_key is not None:
            known = await asyncio.to_thread(self.get, id)
            if known is not None:
                return known
        await asyncio.to_thread(self._require_room)
        ticket = Ticket(
            id=id,
            run=uuid.uuid4().hex,
            kind=kind,
            target=target_kind,
            created=now(),
            model_version=model_version,
        )
        draft = await asyncio.to_thread(self._files.draft, INPUTS, ticket.input)
        try:
            await self._receive(source, draft)
        except BaseException:
            draft.discard()
            raise
        # From here on it goes its way, whether or not somebody still waits for the answer.
        return await asyncio.shield(asyncio.to_thread(self._accept, ticket, draft))

    def get(self, id: str) -> Job | None:
        """How a job is; None when there is none of that id."""
        ticket = self._ledger.ticket(id)
        return None if ticket is None else told(ticket, self._ledger.state(ticket.run))

    def result(self, id: str) -> tuple[BinaryIO, str, str]:
        """The scored file from its start, its media type, and a name for it.

        RequestError when the job has no result; the caller closes the file.
        """
        ticket = self._ledger.ticket(id)
        end = None if ticket is None else self._ledger.state(ticket.run).end
        if ticket is None or end is None or end.result is None:
            raise RequestError(f"there is no result of a job '{id}'")
        media_type = MEDIA_TYPES[ticket.target] + ("; charset=utf-8" * (ticket.target == "csv"))
        return self._files.open(RESULTS, end.result), media_type, f"{id}.{ticket.target}"

    def delete(self, id: str) -> bool:
        """Take a job off: it is stopped if it runs, and its files and records are deleted.

        False when there is none of that id. What cannot be deleted now is deleted later.
        """
        ticket = self._ledger.strike(id)
        if ticket is None:
            return False
        try:
            erase(ticket, self._ledger, self._files)
        except PlatformError as error:
            log.warning("the job %s is deleted, its files are later: %s", id, error)
        return True

    def close(self) -> None:
        """Close the connection to the queue."""
        self._broker.close()

    async def _receive(self, source: AsyncIterator[bytes] | BinaryIO, draft: Draft) -> None:
        size = 0
        pieces: list[bytes] = []
        held = 0
        async for block in _blocks(source):
            size += len(block)
            if size > self._most_mb * 1e6:
                raise RequestTooLarge(
                    f"the file has more than the {self._most_mb:g} MB that a job may have; divide "
                    "it, or raise serving.limits.max_job_mb"
                )
            pieces.append(block)
            held += len(block)
            if held >= _BLOCK:
                await asyncio.to_thread(self._write, draft, b"".join(pieces))
                pieces, held = [], 0
        if not size:
            raise RequestError("the file is empty; send one with rows")
        await asyncio.to_thread(self._write, draft, b"".join(pieces))

    def _write(self, draft: Draft, block: bytes) -> None:
        with self._files.explaining("written"):
            draft.stream.write(block)

    def _accept(self, ticket: Ticket, draft: Draft) -> Job:
        """Keep the file, enter the job, and put it into the queue, in this order."""
        entering = False
        try:
            with self._files.explaining("written"):
                draft.commit()
            with self._accepting:
                self._require_room()
                # What fails from here on may have been entered all the same, and needs its file.
                entering = True
                accepted = self._ledger.accept(ticket)
                if accepted:
                    self._enqueue(ticket)
        except BaseException:
            if not entering:
                draft.discard()
            raise
        if accepted:
            return told(ticket, State())
        draft.discard()
        job = self.get(ticket.id)
        if job is None:
            raise PlatformError("the job of that idempotency key was deleted just now; try again")
        return job

    def _enqueue(self, ticket: Ticket) -> None:
        try:
            self._broker.put(Entry(ticket.id, ticket.run, 1))
        except PlatformError as error:
            log.warning(
                "the job %s is accepted, a worker puts it into the queue: %s", ticket.id, error
            )

    def _require_room(self) -> None:
        most = self._jobs.max_queued
        if self._broker.waiting() < most:
            return
        # Jobs that were deleted leave their entries.
        waiting = self._ledger.wanted(self._broker.entries())
        if waiting >= most:
            raise QueueFull(f"{waiting:,} jobs wait already; try again when some are done")


def _id_of(idempotency_key: str | None) -> str:
    """An id that one key always gives: so the books themselves know a key that comes again."""
    if idempotency_key is None:
        return uuid.uuid4().hex
    return hashlib.sha256(b"idempotency:" + idempotency_key.encode()).hexdigest()[:32]


async def _blocks(source: AsyncIterator[bytes] | BinaryIO) -> AsyncIterator[bytes]:
    if isinstance(source, AsyncIterator):
        async for block in source:
            yield block
        return
    while block := await asyncio.to_thread(source.read, _BLOCK):
        yield block
