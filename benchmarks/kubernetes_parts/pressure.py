"""So many requests that one pod is too few: what an autoscaler must answer."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

INSTANCES = 20
_TIMEOUT_S = 60.0


@dataclass
class Pressure:
    """Asks for explanations without a pause, each time by a new connection: any pod gets some.

    Explanations cost a processor the most, and are not captured. failures: what went wrong.
    """

    url: str
    clients: int = 2
    answers: int = 0
    failures: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        body: dict[str, Any] = {
            "instances": [
                {"url": f"login-{at}.example.com/verify/account?id={at}"} for at in range(INSTANCES)
            ]
        }
        while not self._enough.is_set():
            try:
                answer = httpx.post(
                    f"{self.url}/explain", json=body, timeout=_TIMEOUT_S, trust_env=False
                )
                answer.raise_for_status()
                self.answers += 1
            except httpx.HTTPError as error:
                self.failures.append(f"{type(error).__name__}: {error}")
