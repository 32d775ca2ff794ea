"""Handing in, asking for, and taking off."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from switchyard.errors import PlatformError, RequestError
from switchyard.jobs import files, ledger
from switchyard.jobs.store import Job, QueueFull, RequestTooLarge
from switchyard.stores import DiskFull
from tests.jobs.conftest import CSV, Service, StubPredictor

Make = Callable[..., Service]


def test_an_accepted_job_is_queued_with_its_file_in_place(service: Service) -> None:
    job = service.submit(target="parquet")

    assert job.model_dump() | {"id": "", "created": ""} == {
        "id": "", "status": "queued", "created": "", "started": None, "finished": None,
        "rows": None, "rows_done": 0, "rows_rejected": 0, "error": None, "model_version": "3",
        "format": "parquet",
    }  # fmt: skip
    assert job.created.endswith("Z")
    assert service.board.get(job.id) == job
    (name,) = service.files
    assert (Path(service.settings.jobs_store) / name).read_bytes() == CSV


def test_a_file_that_comes_in_pieces_is_put_together(service: Service) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(CSV), 7):
            yield CSV[at : at + 7]

    job = asyncio.run(service.board.submit("csv", "csv", pieces()))

    with service.working():
        assert service.ended(job.id).rows == 3


def test_nobody_knows_an_unknown_job(service: Service) -> None:
    assert service.board.get("nothing") is None
    assert service.board.delete("nothing") is False
    with pytest.raises(RequestError, match="no result of a job 'nothing'"):
        service.board.result("nothing")


def test_an_unfinished_job_has_no_result(service: Service) -> None:
    with pytest.raises(RequestError, match="no result"):
        service.board.result(service.submit().id)


def test_the_result_is_named_after_the_job(service: Service) -> None:
    job = service.submit(target="ndjson")
    with service.working():
        service.ended(job.id)

    file, media_type, name = service.board.result(job.id)

    with file:
        assert file.read().count(b"\n") == 3
    assert (media_type, name) == ("application/x-ndjson", f"{job.id}.ndjson")


def test_the_same_key_gives_the_same_job(service: Service) -> None:
    first, again = (service.submit(idempotency_key="key") for _ in range(2))
    other = service.submit(idempotency_key="another key")

    assert again == first
    assert other.id != first.id
    assert len(service.files) == 2


def test_of_many_with_one_key_at_once_one_makes_the_job(make: Make) -> None:
    services = [make() for _ in range(4)]  # boards of their own, as other processes have
    barrier = threading.Barrier(8)

    def submit(service: Service) -> Job:
        async def late() -> AsyncIterator[bytes]:
            yield CSV
            await asyncio.to_thread(barrier.wait)

        return asyncio.run(service.board.submit("csv", "csv", late(), idempotency_key="key"))

    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(submit, services * 2))

    assert len({job.id for job in jobs}) == 1
    assert len(services[0].files) == 1
    with services[0].working():
        assert services[0].ended(jobs[0].id).status == "succeeded"


def test_a_key_is_free_again_when_its_job_was_deleted(service: Service) -> None:
    first = service.submit(idempotency_key="key")
    service.board.delete(first.id)

    service.submit(b"url\nb.com\n", idempotency_key="key")

    with service.working():
        assert service.ended(first.id).rows == 1


def test_what_is_too_large_is_refused_and_leaves_nothing(make: Make) -> None:
    service = make(limits={"max_job_mb": 0.5})

    with pytest.raises(RequestTooLarge, match=r"more than the 0\.5 MB.*max_job_mb"):
        service.submit(b"x" * 500_001)
    assert service.files == []
    assert service.submit(b"x" * 500_000).status == "queued"


def test_an_empty_file_is_refused(service: Service) -> None:
    with pytest.raises(RequestError, match="empty"):
        service.submit(b"")
    assert service.files == []


def test_an_upload_that_breaks_off_leaves_nothing(service: Service) -> None:
    class GoneError(Exception):
        pass

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 600_000
        raise GoneError

    with pytest.raises(GoneError):
        asyncio.run(service.board.submit("csv", "csv", broken()))
    assert service.files == []


def test_an_upload_that_is_cancelled_leaves_nothing(service: Service) -> None:
    async def cancelled() -> None:
        begun = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            yield b"x"
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(service.board.submit("csv", "csv", endless()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert service.files == []


def test_the_queue_has_a_bound(make: Make) -> None:
    service = make(max_queued=2)
    for _ in range(2):
        service.submit()

    with pytest.raises(QueueFull, match="2 jobs wait already"):
        service.submit()
    assert len(service.files) == 2


def test_the_bound_holds_for_uploads_side_by_side(make: Make) -> None:
    service = make(max_queued=3)

    async def submit_all() -> list[Any]:
        uploads = [service.board.submit("csv", "csv", io.BytesIO(CSV)) for _ in range(9)]
        return await asyncio.gather(*uploads, return_exceptions=True)

    outcomes = asyncio.run(submit_all())

    assert sorted(type(each).__name__ for each in outcomes) == ["Job"] * 3 + ["QueueFull"] * 6
    assert len(service.files) == 3


def test_a_full_disk_while_the_file_comes_leaves_no_record(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = files.JobFiles.draft

    def full(self: Any, folder: str, name: str) -> Any:
        made: Any = draft(self, folder, name)
        made.stream.close()
        made.stream = open("/dev/full", "wb", buffering=0)  # noqa: SIM115, PTH123
        return made

    monkeypatch.setattr(files.JobFiles, "draft", full)

    with pytest.raises(DiskFull, match=r"is full: No space left.*serving\.jobs\.store"):
        service.submit()
    assert service.files == []
    assert service.board._broker.all() == {}


def test_a_disk_that_is_full_only_at_the_end_leaves_no_record(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("switchyard.jobs.files.os.fsync", full)

    with pytest.raises(DiskFull):
        service.submit()
    assert service.files == []
    assert service.board._broker.all() == {}


def test_a_job_that_was_entered_before_the_books_failed_keeps_its_file(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is lost after the commit: the client tries again with its key."""
    accept = ledger.Ledger.accept

    def lost(self: Any, ticket: Any) -> bool:
        accept(self, ticket)
        raise PlatformError("the connection is lost")

    with monkeypatch.context() as broken:
        broken.setattr(ledger.Ledger, "accept", lost)
        with pytest.raises(PlatformError, match="lost"):
            service.submit(idempotency_key="once")

    job = service.submit(idempotency_key="once")
    with service.working():
        assert service.ended(job.id).status == "succeeded"


def test_a_file_that_cannot_be_deleted_hides_no_error(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("pathlib.Path.unlink", read_only)

    with pytest.raises(RequestError, match="the file is empty"):
        service.submit(b"")


def test_deleted_jobs_do_not_wait(make: Make) -> None:
    service = make(max_queued=1)
    service.board.delete(service.submit().id)

    assert service.submit().status == "queued"


def test_what_a_newer_release_wrote_into_the_books_is_passed_over(service: Service) -> None:
    job = service.submit()
    key = f"job.{job.id}"
    ticket = json.loads(service.board._broker.get([key])[key])
    service.board._broker.set(key, json.dumps({**ticket, "priority": 3}).encode())
    service.board._broker.set("job.broken", b"{}")

    with service.working():
        assert service.ended(job.id).status == "succeeded"


def test_a_job_that_is_in_the_books_is_accepted_even_if_the_queue_fails(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PlatformError("the queue fails")

    with monkeypatch.context() as broken:
        broken.setattr("switchyard.jobs.brokers.Broker.put", fail)
        job = service.submit()

    with service.working():
        assert service.ended(job.id).status == "succeeded"


def test_deleting_takes_all_of_a_job(service: Service) -> None:
    waiting, done = service.submit(), service.submit(target="json")
    with service.working():
        for job in (waiting, done):
            service.ended(job.id)
    queued = service.submit()

    deleted = [service.board.delete(job.id) for job in (waiting, done, queued)]

    assert deleted == [True] * 3
    assert service.board.delete(done.id) is False
    assert service.board.get(queued.id) is None
    assert service.files == []
    assert service.board._broker.all() == {}


def test_deleting_a_running_job_stops_it_between_two_chunks(service: Service) -> None:
    begun, go_on = threading.Event(), threading.Event()
    chunks: list[int] = []

    def hold() -> None:
        chunks.append(1)
        begun.set()
        assert go_on.wait(30)

    job = service.submit(b"url\n" + b"a.com\n" * 120_000)
    with service.working(StubPredictor(before=hold)):
        assert begun.wait(30)
        assert service.board.delete(job.id)
        go_on.set()
        after = service.submit()
        service.ended(after.id)

    assert len(chunks) == 2  # one of the deleted job, which has three, and that of the next
    assert service.board.get(job.id) is None
    assert all(name.startswith("results/") for name in service.files)
    assert len(service.files) == 1
