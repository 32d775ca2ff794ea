"""So many requests that one pod is too few: what an autoscaler must answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from benchmarks.kubernetes_parts.clients import plain_client

CLIENTS = 2
INSTANCES = 20
_TIMEOUT_S = 60.0


@dataclass
class Answered:
    """What came of the requests. failures: what went wrong."""

    answers: int = 0
    failures: list[str] = field(default_factory=list)


@contextmanager
def pressure(url: str) -> Iterator[Answered]:
    """Ask for explanations without a pause while the block runs, from several clients.

    Explanations cost a processor the most, and are not captured. Each comes by a new connection, so
    that any pod gets some.
    """
    enough, found = threading.Event(), Answered()
    urls = [f"login-{at}.example.com/verify/account?id={at}" for at in range(INSTANCES)]
    body = {"instances": [{"url": each} for each in urls]}

    def ask() -> None:
        while not enough.is_set():
            try:
                client.post(f"{url}/explain", json=body).raise_for_status()
                found.answers += 1
            except httpx.HTTPError as error:
                found.failures.append(f"{type(error).__name__}: {error}")

    askers = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    with plain_client(_TIMEOUT_S) as client:
        for asker in askers:
            asker.start()
        try:
            yield found
        finally:
            enough.set()
            for asker in askers:
                asker.join()
