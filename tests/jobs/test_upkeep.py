"""Putting back what the dead left, and deleting what is old: by a clock of the test's own."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from switchyard.jobs.brokers import Broker
from switchyard.jobs.files import JobFiles
from switchyard.jobs.ledger import Ledger
from switchyard.jobs.records import Beat, Claim, End, Job, Ticket
from switchyard.jobs.upkeep import ORPHAN_S, Upkeep
from tests.jobs.conftest import Service

LEASE_S = 10.0


class Books:
    """One service's books, a clock that the test moves, and as many keepers as it likes."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.broker = Broker(service.settings.queue, service.settings.name)
        self.ledger = Ledger(self.broker)
        self.files = JobFiles(service.settings.jobs_store)
        self.now = 0.0

    def keeper(self, retention_days: float = 7.0) -> Upkeep:
        return Upkeep(self.broker, self.files, LEASE_S, retention_days, lambda: self.now)

    def taken(self, job: Job, attempt: int = 1, worker: str = "w") -> Ticket:
        """A worker takes the job from the queue, claims it, and is heard once."""
        self.broker.take()
        ticket = self.ledger.ticket(job.id)
        assert ticket is not None
        claim = Claim(worker=worker, started="2026-01-01T00:00:00Z", model_version="7")
        assert self.ledger.claim(ticket.run, attempt, claim)
        self.ledger.beat(ticket.run, attempt, Beat(number=1, done=5))
        return ticket

    def end(self, job: Job, days_ago: float, result: str | None = None) -> Ticket:
        ticket = self.taken(job)
        finished = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
        end = End(
            status="succeeded", started=None, finished=finished, model_version="7", result=result
        )
        assert self.ledger.end(ticket.run, end)
        return ticket


@pytest.fixture
def books(service: Service) -> Any:
    books = Books(service)
    yield books
    books.broker.close()


def test_a_job_that_fell_out_of_the_queue_is_put_back_on_starting(books: Books) -> None:
    job = books.service.submit()
    books.broker.take()

    assert books.keeper().recover(starting=True) == 1
    assert [entry.id for entry in books.broker.entries()] == [job.id]


def test_a_job_that_was_taken_just_now_is_given_a_lease_to_be_claimed(books: Books) -> None:
    books.service.submit()
    books.broker.take()
    keeper = books.keeper()

    before = keeper.recover()
    books.now += LEASE_S

    assert (before, keeper.recover()) == (0, 1)


def test_a_job_that_was_put_back_is_put_back_again_only_after_another_lease(books: Books) -> None:
    books.service.submit()
    keeper = books.keeper()
    books.broker.take()
    keeper.recover(starting=True)
    books.broker.take()

    before = keeper.recover()
    books.now += LEASE_S

    assert (before, keeper.recover()) == (0, 1)


def test_a_job_that_waits_is_left_alone(books: Books) -> None:
    books.service.submit()

    assert books.keeper().recover() == 0
    assert books.broker.waiting() == 1


def test_a_worker_that_is_heard_keeps_its_job(books: Books) -> None:
    ticket = books.taken(books.service.submit())
    keeper = books.keeper()

    for number in range(2, 9):
        assert keeper.recover() == 0
        books.now += LEASE_S * 0.9
        books.ledger.beat(ticket.run, 1, Beat(number=number))


def test_a_worker_that_is_silent_for_a_lease_loses_its_job(books: Books) -> None:
    ticket = books.taken(books.service.submit())
    keeper = books.keeper()
    keeper.recover()

    books.now += LEASE_S * 0.9
    before = keeper.recover()
    books.now += LEASE_S * 0.2
    after = keeper.recover()

    assert (before, after) == (0, 1)
    assert [(entry.run, entry.attempt) for entry in books.broker.entries()] == [(ticket.run, 2)]
    assert keeper.recover() == 0  # it is in the queue now


def test_a_keeper_that_has_just_come_waits_a_lease_before_it_judges(books: Books) -> None:
    books.taken(books.service.submit())
    books.now += 1_000

    assert books.keeper().recover() == 0


def test_a_worker_that_died_before_it_was_heard_loses_its_job_too(books: Books) -> None:
    job = books.service.submit()
    ticket = books.taken(job)
    books.broker.pop(f"beat.{ticket.run}.1")
    keeper = books.keeper()
    keeper.recover()
    books.now += LEASE_S

    assert keeper.recover() == 1


def test_who_kills_three_workers_is_given_up(books: Books) -> None:
    job = books.service.submit()
    keeper = books.keeper()
    for attempt in (1, 2, 3):
        books.taken(job, attempt)
        keeper.recover()
        books.now += LEASE_S
        keeper.recover()

    told = books.service.board.get(job.id)

    assert told is not None
    assert told.status == "failed"
    assert told.error is not None
    assert "given up after 3 attempts; the worker died each time, last after 5 rows" in told.error
    assert books.broker.waiting() == 0


def test_of_several_keepers_each_may_put_a_job_back_and_one_attempt_is_made(books: Books) -> None:
    ticket = books.taken(books.service.submit())
    keepers = [books.keeper() for _ in range(3)]
    for keeper in keepers:
        keeper.recover()
    books.now += LEASE_S
    for keeper in keepers:
        keeper.recover()

    claim = Claim(worker="x", started="2026-01-01T00:00:00Z", model_version="7")
    assert [books.ledger.claim(ticket.run, 2, claim) for _ in range(3)] == [True, False, False]


def test_what_ended_too_long_ago_is_deleted_with_its_files(books: Books) -> None:
    old, young = books.service.submit(), books.service.submit()
    for job, days in ((old, 7.1), (young, 6.9)):
        name = f"{books.ledger.ticket(job.id).run}.1.csv"  # type: ignore[union-attr]
        draft = books.files.draft("results", name)
        draft.stream.write(b"result")
        draft.commit()
        books.end(job, days, name)

    assert books.keeper(retention_days=7).retire() == 1

    assert books.service.board.get(old.id) is None
    assert books.service.board.get(young.id) is not None
    assert len(books.service.files) == 1
    kinds = sorted(key.partition(".")[0] for key in books.broker.all())
    assert kinds == ["end", "job"]


def test_jobs_that_wait_are_never_too_old(books: Books) -> None:
    books.service.submit()

    assert books.keeper(retention_days=1e-9).retire() == 0


def test_files_that_belong_to_nothing_go_when_no_upload_can_be_waiting(books: Books) -> None:
    job = books.service.submit()
    root = Path(books.service.settings.jobs_store)
    orphans = ["inputs/none.csv", "results/none.1.csv", "drafts/none.csv.1"]
    for name in orphans:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"x")
    keeper = books.keeper()

    keeper.retire()
    young = set(orphans) <= set(books.service.files)
    past = time.time() - ORPHAN_S - 1
    for path in root.rglob("*.*"):
        os.utime(path, (past, past))
    keeper.retire()

    assert young
    ticket = books.ledger.ticket(job.id)
    assert ticket is not None
    assert books.service.files == [f"inputs/{ticket.input}"]


def test_a_result_that_was_published_but_is_not_the_jobs_is_deleted(books: Books) -> None:
    """Of a worker killed between publishing and telling so, after whom another one finished."""
    job = books.service.submit()
    run = books.ledger.ticket(job.id).run  # type: ignore[union-attr]
    for attempt in (1, 2):
        draft = books.files.draft("results", f"{run}.{attempt}.csv")
        draft.commit()
    books.end(job, 0, f"{run}.2.csv")

    books.keeper().retire()

    assert books.service.files == [f"results/{run}.2.csv"]


def test_what_a_deleted_job_left_in_the_books_is_forgotten(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = books.service.submit()
    books.taken(job)
    books.ledger.strike(job.id)

    books.keeper().retire()

    assert books.broker.all() == {}
