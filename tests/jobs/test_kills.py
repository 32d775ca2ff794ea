"""Processes killed for real, at each point between a file's coming and its job's end."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from tests.jobs.conftest import PATIENCE_S, Service

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[..., Service]

LARGE = b"url\n" + b"a.com\n" * 120_000

OPEN = """
import asyncio, importlib, io, os, signal, sys, threading
from switchyard.serving.settings import Settings
from tests.jobs.conftest import StubPredictor
settings = Settings.model_validate_json(sys.argv[1])

def die_at(where, when):
    "Kill this process when that function is called: 'before' it does anything, or 'after'."
    module, _, name = where.partition(":")
    owner_name, _, function = name.partition(".")
    owner = getattr(importlib.import_module(module), owner_name)
    original = getattr(owner, function)
    def deadly(*given, **named):
        if when == "after":
            original(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(owner, function, deadly)

if sys.argv[2:]:
    die_at(*sys.argv[2:])
"""
SUBMIT = f"""{OPEN}
from switchyard.jobs.store import JobBoard
content = b"url\\n" + b"a.com\\n" * 120_000
board = JobBoard(settings)
asyncio.run(board.submit("csv", "csv", io.BytesIO(content), "key", "3"))
"""
WORK = f"""{OPEN}
from switchyard.jobs.worker import JobWorker
def begun():
    os.write(1, b"scoring\\n")
JobWorker(settings, lambda: StubPredictor("killed", begun)).run(threading.Event())
"""
SLOW_WORK = WORK.replace(
    'os.write(1, b"scoring\\n")', 'os.write(1, b"scoring\\n"); threading.Event().wait(0.05)'
)
POISONED = f"""{OPEN}
from switchyard.jobs.worker import JobWorker
class Deadly(StubPredictor):
    def score(self, columns):
        if "poison.com" in columns["url"].to_pylist():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().score(columns)
JobWorker(settings, Deadly).run(threading.Event())
"""


def start(code: str, service: Service, *where: str) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", code, service.settings.model_dump_json(), *where]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def died(process: subprocess.Popen[bytes]) -> None:
    """Wait for the process; it must have killed itself at the point it was told."""
    _, errors = process.communicate(timeout=180)
    assert process.returncode == -signal.SIGKILL, errors.decode()


def stand_still(process: subprocess.Popen[bytes], service: Service) -> None:
    """Stop the process, but not while it writes: what holds SQLite's lock stops all the others."""
    queue = service.settings.queue.removeprefix("sqlite:///")
    deadline = time.monotonic() + PATIENCE_S
    while True:
        process.send_signal(signal.SIGSTOP)
        seen = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        assert seen is not None
        assert seen.si_code == os.CLD_STOPPED
        try:
            with closing(sqlite3.connect(queue, timeout=0)) as database:
                database.execute("begin immediate")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        assert time.monotonic() < deadline
        process.send_signal(signal.SIGCONT)
        time.sleep(0.01)


def finished_once(service: Service, id: str) -> None:
    """The job is done by a worker that is started now, and one whole result is there."""
    with service.working():
        job = service.until(id, lambda job: job.finished and not service.board._broker.waiting())

    assert (job.status, job.error, job.rows, job.rows_done) == ("succeeded", None, 120_000, 120_000)
    assert service.result(id).count("\n") == 120_001
    assert [name.partition("/")[0] for name in kept(service)] == ["results"]


def kept(service: Service) -> list[str]:
    """The files of jobs, without what a service killed during an upload left to grow old."""
    books = service.board._broker.all()
    runs = {orjson.loads(value)["run"] for key, value in books.items() if key[:4] == "job."}
    return [name for name in service.files if name.partition("/")[2].partition(".")[0] in runs]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "when", "accepted"),
    [
        ("switchyard.jobs.files:_LocalDraft.commit", "before", False),  # while the file came
        ("switchyard.jobs.files:_LocalDraft.commit", "after", False),  # the file is there
        ("switchyard.jobs.ledger:Ledger.accept", "after", True),  # in the books, not in the queue
        ("switchyard.jobs.brokers:Broker.put", "after", True),  # in the queue, nobody was told
    ],
)
def test_a_service_killed_while_it_accepts(
    make: Make, where: str, when: str, accepted: bool
) -> None:
    service = make()
    died(start(SUBMIT, service, where, when))

    jobs = [key for key in service.board._broker.all() if key.startswith("job.")]
    again = service.submit(LARGE, idempotency_key="key")

    assert len(jobs) == accepted
    finished_once(service, again.id)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "when"),
    [
        ("switchyard.jobs.brokers:Broker.take", "after"),  # out of the queue, not claimed
        ("switchyard.jobs.ledger:Ledger.claim", "after"),  # claimed, nothing done
        ("switchyard.jobs.running:Attempt._progress", "before"),  # between two chunks
        ("switchyard.jobs.files:_LocalDraft.commit", "before"),  # scored, not published
        ("switchyard.jobs.files:_LocalDraft.commit", "after"),  # published, not in the books
        ("switchyard.jobs.ledger:Ledger.end", "after"),  # in the books, not tidied up
        ("switchyard.jobs.ledger:Ledger.forget_attempts", "before"),
    ],
)
def test_a_worker_killed_at_any_point(make: Make, where: str, when: str) -> None:
    service = make()
    job = service.submit(LARGE)
    died(start(WORK, service, where, when))

    finished_once(service, job.id)


@pytest.mark.slow
def test_a_worker_killed_while_it_scores_and_another_one_alive(make: Make) -> None:
    service = make()
    job = service.submit(LARGE)
    killed = start(SLOW_WORK, service)
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"scoring\n"

    with make().working():
        killed.kill()
        killed.communicate()
        ended = service.ended(job.id)

    assert (ended.status, ended.model_version, ended.rows) == ("succeeded", "7", 120_000)


@pytest.mark.slow
def test_a_worker_that_stands_still_is_overtaken_and_then_yields(make: Make) -> None:
    service = make()
    job = service.submit(LARGE)
    stopped = start(SLOW_WORK, service)
    assert stopped.stdout is not None
    assert stopped.stdout.readline() == b"scoring\n"
    try:
        stand_still(stopped, service)
        with make().working():
            ended = service.ended(job.id)
        result = service.result(job.id)
        stopped.send_signal(signal.SIGCONT)
        last = service.submit()
        assert service.ended(last.id).model_version == "killed"  # it works on, as itself
    finally:
        stopped.kill()
        stopped.communicate()

    assert ended.model_version == "7"
    assert service.board.get(job.id) == ended
    assert service.result(job.id) == result
    assert len([name for name in service.files if name.startswith("results/")]) == 2


@pytest.mark.slow
def test_a_job_that_kills_its_workers_ends_and_lets_the_next_one_pass(make: Make) -> None:
    service = make()
    poison, healthy = service.submit(b"url\na.com\npoison.com\n"), service.submit()
    for _ in range(3):
        died(start(POISONED, service))

    with service.working():
        ended, next_one = service.ended(poison.id), service.ended(healthy.id)

    assert ended.status == "failed"
    assert ended.error is not None
    assert "given up after 3 attempts; the worker died each time" in ended.error
    assert next_one.status == "succeeded"
