"""Queues on SQLite, Redis and PostgreSQL: real servers where they are installed."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from switchyard.errors import PlatformError, RequestError
from switchyard.jobs.brokers import Broker, Entry
from tests.jobs.conftest import Service

ENTRY = Entry("id", "run", 1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def reachable(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    if importlib.util.find_spec("redis") is None:
        pytest.skip("the package 'redis' is not installed")
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    try:
        reachable(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(params=["sqlite", "redis"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    url = (
        f"sqlite:///{tmp_path}/deep/queue.db"
        if request.param == "sqlite"
        else request.getfixturevalue("redis_url")
    )
    opened = Broker(url, f"name-{time.monotonic_ns()}")
    yield opened
    opened.close()


def test_entries_come_out_as_they_went_in(broker: Broker) -> None:
    entries = [Entry("a", "r1", 1), Entry("b", "r2", 3)]
    for entry in entries:
        broker.put(entry)

    assert (broker.waiting(), broker.entries()) == (2, entries)
    assert [broker.take() for _ in range(3)] == [*entries, None]


def test_values_are_kept_and_of_many_who_try_one_sets_or_takes_them(broker: Broker) -> None:
    with ThreadPoolExecutor(8) as pool:
        setting = list(pool.map(lambda at: broker.set_new("k", b"%d" % at), range(8)))
        held = broker.get(["k", "none"])
        taking = list(pool.map(lambda _: broker.pop("k"), range(8)))

    assert setting.count(True) == 1
    assert held == {"k": b"%d" % setting.index(True)}
    assert taking.count(None) == 7
    assert held["k"] in taking
    broker.set("x", b"1")
    broker.set("x", b"2")
    assert broker.all() == {"x": b"2"}


def test_each_entry_goes_to_one_taker(broker: Broker) -> None:
    for at in range(40):
        broker.put(Entry(str(at), "r", 1))

    with ThreadPoolExecutor(8) as pool:
        taken = [entry for entry in pool.map(lambda _: broker.take(), range(48)) if entry]

    assert sorted(int(entry.id) for entry in taken) == list(range(40))


def test_two_use_cases_share_a_broker_without_meeting(redis_url: str) -> None:
    one, other = Broker(redis_url, "a-b"), Broker(redis_url, "ab")

    one.put(ENTRY)

    assert other.take() is None
    assert one.take() == ENTRY


def test_the_queue_holds_json_and_no_code(broker: Broker) -> None:
    broker.put(ENTRY)

    (held,) = broker._storage.enqueued_items()

    message = orjson.loads(bytes(held))
    assert ["id", "run", 1] in message


def test_what_is_no_task_of_ours_is_passed_over(broker: Broker) -> None:
    for held in (b"cos\nsystem\n", b'["id","another.task"]', b"[]", b"null"):
        broker._storage.enqueue(held)
    broker.put(ENTRY)

    assert broker.entries() == [ENTRY]
    assert [broker.take() for _ in range(5)] == [None] * 4 + [ENTRY]


@pytest.mark.slow
def test_jobs_run_on_redis(redis_url: str, tmp_path: Path) -> None:
    run_jobs(tmp_path, redis_url)


@pytest.mark.slow
def test_jobs_run_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    run_jobs(tmp_path, postgres_url)


def run_jobs(folder: Path, queue: str) -> None:
    service = Service(folder, queue=queue)
    first = service.submit(idempotency_key="key")
    assert service.submit(idempotency_key="key") == first
    with service.working(), service.working():
        jobs = [service.submit() for _ in range(5)]
        assert {service.ended(job.id).status for job in (first, *jobs)} == {"succeeded"}
    assert all(service.board.delete(job.id) for job in (first, *jobs))
    assert service.files == []
    assert service.board._broker.all() == {}
    service.board.close()


@pytest.fixture
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("the package 'psycopg' is not installed")
    given = shutil.which("pg_ctl"), shutil.which("initdb")
    if None in given:
        pytest.skip("PostgreSQL is not installed, or not on the path")
    folder = tmp_path_factory.mktemp("postgres")
    port = free_port()
    made = subprocess.run(
        ["initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres"],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"no database can be made here: {made.stderr.strip().splitlines()[0]}")
    process = subprocess.Popen(
        ["postgres", "-D", folder / "data", "-p", str(port), "-k", folder, "-h", "127.0.0.1"],
        stderr=subprocess.DEVNULL,
    )
    try:
        reachable(port, process)
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize(
    "url", ["", "queue.db", "sqlite://", "sqlite:///", "amqp://host", "http://host/x"]
)
def test_a_url_that_is_no_queue_is_told_what_one_is(url: str) -> None:
    with pytest.raises(RequestError, match=r"is no queue; give sqlite:///file, redis://"):
        Broker(url, "name")


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("redis://user:secret@host/0", "redis"),
        ("rediss://user:secret@host/0", "redis"),
        ("postgresql://user:secret@host/db", "psycopg"),
        ("postgres://user:secret@host/db", "psycopg"),
    ],
)
def test_a_package_that_is_missing_is_named_and_no_password_shown(
    url: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)

    with pytest.raises(RequestError, match=f"needs the package '{package}'.*uv sync") as caught:
        Broker(url, "name")
    assert "secret" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_a_failure_of_the_platform(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(PlatformError, match=r"queue of jobs 'sqlite:.*fails.*jobs\.queue"):
        Broker(f"sqlite:///{tmp_path}/file/queue.db", "name")


def test_a_file_that_is_no_database_is_a_failure_of_the_platform(tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_bytes(b"no database" * 100)

    with pytest.raises(PlatformError, match="not a database"):
        Broker(f"sqlite:///{tmp_path}/queue.db", "name")


def test_a_broker_is_well_again_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(f"sqlite:///{tmp_path}/queue.db", "name")
    storage: Any = broker._storage
    storage.conn.execute("begin exclusive")  # a transaction that was left open by a failed commit

    with pytest.raises(PlatformError):
        broker.put(ENTRY)

    broker.put(ENTRY)
    assert broker.take() == ENTRY
    broker.close()


def test_the_queue_outlives_a_loss_of_power(tmp_path: Path) -> None:
    broker = Broker(f"sqlite:///{tmp_path}/queue.db", "name")

    assert broker._storage.conn.execute("pragma synchronous").fetchone() == (2,)
    broker.close()


def test_a_broker_may_be_used_from_several_threads(tmp_path: Path) -> None:
    broker = Broker(f"sqlite:///{tmp_path}/queue.db", "name")
    failures: list[BaseException] = []

    def use(at: int) -> None:
        try:
            for number in range(20):
                broker.set(f"k{at}", b"%d" % number)
                broker.put(ENTRY)
                broker.take()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=use, args=(at,)) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(broker.all()) == 6
    broker.close()
