"""Services as pods run them: a state folder each, one object store for all."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
        kept = {"store": object_store.url("capture"), "flush_s": 3_600.0, **capture}
        made: Service = make_service(capture=kept)
        return made

    return make


def asked(services: list[Service], each: int) -> list[str]:
    """Ask them all at once; the ids of what they answered."""

    def ask(service: Service) -> list[str]:
        with httpx.Client(base_url=service.url, timeout=PATIENCE_S) as client:
            answers = [
                client.post("/predict", json={"instances": [{"url": f"a{at}.example"}]})
                for at in range(each)
            ]
        assert {answer.status_code for answer in answers} == {200}
        return [answer.json()["request_id"] for answer in answers]

    with ThreadPoolExecutor(len(services)) as pool:
        return [id for ids in pool.map(ask, services) for id in ids]


def stored(store: ObjectStore) -> Counter[str]:
    found = reading.predictions(store.url("capture"))["request_id"].to_pylist()
    return Counter(found)


def test_a_replica_that_is_told_to_end_leaves_its_rows_in_the_store(
    replica: Make, object_store: ObjectStore
) -> None:
    services = [replica().start(KEY) for _ in range(2)]
    ids = asked(services, 500)

    t = time.time()
    for service in services:
        service._process.terminate()
    for service in services:
        assert service.stop() == 0
    print("ended in", time.time() - t)

    assert stored(object_store) == Counter(ids)
    assert [list(service.settings.spool.glob("*.segment")) for service in services] == [[], []]
