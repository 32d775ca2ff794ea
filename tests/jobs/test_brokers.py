"""Queues on SQLite, Redis and PostgreSQL: real servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from switchyard.errors import PlatformError, RequestError
from switchyard.jobs.brokers import Broker, Entry
from tests.backends import Postgres, Redis
from tests.jobs.conftest import Service

ENTRY = Entry("id", "run", 1)


@pytest.fixture(params=["sqlite", "redis", "postgres"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    url = (
        f"sqlite:///{tmp_path}/deep/queue.db"
        if request.param == "sqlite"
        else request.getfixturevalue(request.param).url
    )
    opened = Broker(url, "name-of-a-case")
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


def test_two_use_cases_share_a_broker_without_meeting(redis: Redis) -> None:
    one, other = Broker(redis.url, "a-b"), Broker(redis.url, "ab")

    one.put(ENTRY)

    assert other.take() is None
    assert one.take() == ENTRY


def test_the_queue_holds_json_and_no_code(broker: Broker) -> None:
    broker.put(ENTRY)

    (held,) = broker._storage.enqueued_items()

    message = orjson.loads(bytes(held))
    assert ["id", "run", 1] in message


def test_what_is_no_task_of_ours_is_passed_over(broker: Broker) -> None:
    assert broker.waiting() == 0
    for held in (b"cos\nsystem\n", b'["id","another.task"]', b"[]", b"null"):
        broker._storage.enqueue(held)
    broker.put(ENTRY)

    assert broker.entries() == [ENTRY]
    assert [broker.take() for _ in range(5)] == [None] * 4 + [ENTRY]


@pytest.mark.slow
def test_jobs_run_on_redis(redis: Redis, tmp_path: Path) -> None:
    run_jobs(tmp_path, redis.url)


@pytest.mark.slow
def test_jobs_run_on_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    run_jobs(tmp_path, postgres.url)


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


def test_a_server_that_is_away_at_the_start_is_reached_when_it_is_back(
    postgres: Postgres, tmp_path: Path
) -> None:
    postgres.kill()
    service = Service(tmp_path, queue=postgres.url)
    with pytest.raises(PlatformError, match="queue of jobs 'postgresql://"):
        service.submit()

    postgres.start()

    assert service.submit().status == "queued"
    service.board.close()


def test_replicas_that_start_at_once_make_the_tables_once(postgres: Postgres) -> None:
    brokers = [Broker(postgres.url, "name") for _ in range(8)]
    with ThreadPoolExecutor(len(brokers)) as pool:
        list(pool.map(lambda each: each.put(ENTRY), brokers))

    assert brokers[0].waiting() == len(brokers)
    for each in brokers:
        each.close()


def test_a_server_that_closes_all_connections_is_connected_with_anew(postgres: Postgres) -> None:
    broker = Broker(postgres.url, "name")
    broker.put(ENTRY)
    postgres.kill()
    with pytest.raises(PlatformError):
        broker.take()
    postgres.start()

    assert broker.take() == ENTRY
    broker.close()


def test_what_a_url_says_itself_counts(redis: Redis) -> None:
    broker = Broker(f"{redis.url}?socket_timeout=7", "name")

    given = broker._storage.pool.connection_kwargs

    assert (given["socket_timeout"], given["socket_connect_timeout"]) == (7.0, 10.0)
    broker.close()
