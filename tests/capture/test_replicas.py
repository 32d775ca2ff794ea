"""Services as pods run them: a state folder each, one object store for all."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from switchyard.capture import reading
from tests.backends import ObjectStore
from tests.services import PATIENCE_S, Service

pytestmark = pytest.mark.slow

KEY = {"SWITCHYARD_REQUEST_ID_KEY": "5" * 64}
Make = Callable[..., Service]


@pytest.fixture
def replica(make_service: Any, object_store: ObjectStore) -> Make:
    """Makes replicas, which keep their rows for themselves until they end."""

    def make(**capture: Any) -> Service:
        kept = {"store": object_store.url("capture"), "flush_s": 3_600.0, "handover_s": 60.0}
        made: Service = make_service(capture=kept | capture)
        return made

    return make


def asked(*services: Service, times: int = 100) -> list[str]:
    """Ask them all at once; the ids of what they answered."""

    def ask(service: Service) -> list[str]:
        with httpx.Client(base_url=service.url, timeout=PATIENCE_S) as client:
            answers = [
                client.post("/predict", json={"instances": [{"url": f"a{at}.example"}]})
                for at in range(times)
            ]
        assert {answer.status_code for answer in answers} == {200}
        return [answer.json()["request_id"] for answer in answers]

    with ThreadPoolExecutor(len(services)) as pool:
        return [id for ids in pool.map(ask, services) for id in ids]


def stored(store: ObjectStore) -> Counter[str]:
    """How often the store has each request."""
    return Counter(reading.predictions(store.url("capture"))["request_id"].to_pylist())


def waiting(service: Service) -> list[Path]:
    return sorted(service.settings.spool.glob("*.segment"))


def companion_of(service: Service) -> int:
    """The process that moves its rows, once there is one."""
    path = Path(f"/proc/{service.pid}/task/{service.pid}/children")
    return int(until(lambda: path.read_text().split())[0])


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


def test_replicas_that_are_told_to_end_leave_all_their_rows_in_the_store(
    replica: Make, object_store: ObjectStore
) -> None:
    services = [replica().start(KEY) for _ in range(2)]
    ids = asked(*services)

    assert [service.stop() for service in services] == [0, 0]

    assert stored(object_store) == Counter(ids)
    assert [waiting(service) for service in services] == [[], []]


def test_feedback_lands_whichever_replica_it_is_given_to(
    replica: Make, object_store: ObjectStore
) -> None:
    one, other = (replica().start(KEY) for _ in range(2))
    asking = {id: service for service in (one, other) for id in asked(service, times=5)}
    for id, answered in asking.items():
        for service, label in ((answered, "benign"), (other, "phishing")):
            body = f'{{"request_id": "{id}", "instance": 0, "label": "{label}"}}'
            assert service.post("/feedback", body.encode()).status_code in (200, 202)
    for service in (one, other):
        service.stop()

    found = reading.labelled(object_store.url("capture")).to_pylist()

    assert {row["request_id"]: row["true_label"] for row in found} == dict.fromkeys(
        asking, "phishing"
    )


def test_what_a_killed_container_had_answered_is_moved_by_the_next_one_in_its_place(
    replica: Make, object_store: ObjectStore
) -> None:
    service = replica().start(KEY)
    ids = asked(service)
    # As a container ends: all of its processes at once.
    os.kill(companion_of(service), signal.SIGSTOP)
    companion = companion_of(service)
    service.kill()
    os.kill(companion, signal.SIGKILL)
    assert stored(object_store) == Counter()
    assert waiting(service)

    service.start(KEY)
    ids += asked(service)
    until(lambda: stored(object_store))
    service.stop()

    assert stored(object_store) == Counter(ids)


def test_a_store_that_is_away_for_a_while_gets_all_rows_when_it_is_back(
    replica: Make, object_store: ObjectStore
) -> None:
    service = replica(flush_s=0.2).start(KEY)
    ids = asked(service)
    object_store.kill()
    ids += asked(service, times=300)
    until(lambda: "stay in the spool" in service.log)
    object_store.start()

    until(lambda: stored(object_store) == Counter(ids))
    assert "works again" in service.log


def test_one_that_ends_while_the_store_is_away_waits_for_it(
    replica: Make, object_store: ObjectStore
) -> None:
    service = replica().start(KEY)
    ids = asked(service)
    companion_of(service)
    object_store.kill()
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(service.stop)
        until(lambda: "stay in the spool" in service.log)
        object_store.start()
        assert ending.result() == 0

    assert stored(object_store) == Counter(ids)


def test_one_whose_store_does_not_come_back_ends_in_time_and_its_rows_wait(
    replica: Make, object_store: ObjectStore
) -> None:
    service = replica(handover_s=1.0).start(KEY)
    ids = asked(service)
    object_store.kill()
    begun = time.monotonic()
    assert service.stop() == 0
    took_s = time.monotonic() - begun
    object_store.start()
    service.start(KEY)

    until(lambda: stored(object_store) == Counter(ids))
    assert took_s < 60


def test_one_whose_companion_died_just_before_its_end_leaves_its_rows_too(
    replica: Make, object_store: ObjectStore
) -> None:
    service = replica().start(KEY)
    ids = asked(service)
    os.kill(companion_of(service), signal.SIGKILL)
    until(lambda: "the companion ended" in service.log)

    assert service.stop() == 0

    assert stored(object_store) == Counter(ids)
