"""Two replicas that share nothing but PostgreSQL and an object store."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends import ObjectStore, Postgres, Redis
from tests.jobs.conftest import Service
from tests.jobs.test_kills import OPEN, ROOT

pytestmark = pytest.mark.slow

ROWS = 400_000
LARGE = b"url\n" + b"a.com\n" * ROWS

WORK = f"""{OPEN}
from switchyard.jobs.worker import JobWorker
from bento.logs import log_to_stderr
log_to_stderr()
def begun():
    os.write(1, b"scoring\\n")
    threading.Event().wait(0.3)
JobWorker(settings, lambda: StubPredictor("replica", begun)).run(threading.Event())
"""


class Replicas:
    """Services over one queue and one store, each with a state folder of its own, as pods have."""

    def __init__(self, folder: Path, queue: str, store: str) -> None:
        self._folder, self._jobs = folder, {"queue": queue, "store": store, "lease_s": 2.0}
        self._services: list[Service] = []
        self._processes: list[subprocess.Popen[bytes]] = []

    def service(self) -> Service:
        """What answers requests in a replica."""
        place = self._folder / f"replica-{len(self._services)}"
        place.mkdir()
        self._services.append(Service(place, {"max_job_mb": 50.0}, **self._jobs))
        return self._services[-1]

    def worker(self, service: Service) -> subprocess.Popen[bytes]:
        """What works on jobs in a replica."""
        process = subprocess.Popen(
            [sys.executable, "-c", WORK, service.settings.model_dump_json()],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=(service.folder / "log").open("wb"),
        )
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()
        for service in self._services:
            service.board.close()


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Postgres | Redis:
    found: Postgres | Redis = request.getfixturevalue(getattr(request, "param", "postgres"))
    return found


both = pytest.mark.parametrize("server", ["postgres", "redis"], indirect=True)


@pytest.fixture
def replicas(
    tmp_path: Path, server: Postgres | Redis, object_store: ObjectStore
) -> Iterator[Replicas]:
    made = Replicas(tmp_path, server.url, object_store.url("jobs"))
    yield made
    made.close()


def scoring(*workers: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """The worker that has begun to score."""
    import select

    streams = {each.stdout: each for each in workers if each.stdout is not None}
    found, _, _ = select.select(list(streams), [], [], 180)
    assert found, "no worker began"
    return streams[found[0]]


def finished(service: Service, id: str, store: ObjectStore) -> None:
    job = service.ended(id)
    assert (job.status, job.error, job.rows_done) == ("succeeded", None, ROWS)
    assert service.result(id).count("\n") == ROWS + 1
    service.until(id, lambda _: len(store.objects("jobs/")) == 1)
    assert store.objects("jobs/")[0].startswith("results/")


@both
def test_the_other_replica_finishes_what_a_killed_one_had_begun(
    replicas: Replicas, object_store: ObjectStore
) -> None:
    one, other = replicas.service(), replicas.service()
    workers = [replicas.worker(one), replicas.worker(other)]
    job = one.submit(LARGE)
    scoring(*workers).kill()

    finished(other, job.id, object_store)


@both
def test_the_queue_s_server_may_end_in_the_middle(
    replicas: Replicas, server: Postgres | Redis, object_store: ObjectStore
) -> None:
    one, other = replicas.service(), replicas.service()
    workers = [replicas.worker(one), replicas.worker(other)]
    job = one.submit(LARGE)
    scoring(*workers)
    server.kill()
    time.sleep(1.0)
    server.start()

    finished(other, job.id, object_store)
    assert all(worker.poll() is None for worker in workers)


def test_the_object_store_may_be_away_in_the_middle(
    replicas: Replicas, object_store: ObjectStore
) -> None:
    one, other = replicas.service(), replicas.service()
    workers = [replicas.worker(one), replicas.worker(other)]
    job = one.submit(LARGE)
    scoring(*workers)
    object_store.kill()
    time.sleep(5.0)
    object_store.start()

    finished(other, job.id, object_store)
    assert all(worker.poll() is None for worker in workers)


def test_each_job_is_done_once_by_replicas_that_share_them(replicas: Replicas) -> None:
    one, other = replicas.service(), replicas.service()
    for service in (one, other):
        replicas.worker(service)
    jobs = [
        service.submit(idempotency_key=f"key-{at}") for at in range(6) for service in (one, other)
    ]

    assert len({job.id for job in jobs}) == 6
    assert {one.ended(job.id).status for job in jobs} == {"succeeded"}
