"""Clients that keep their connections: some ask without a pause, some think in between."""

from __future__ import annotations

import http.client
import json
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Load:
    """Several clients at once, from entering the `with` block to leaving it."""

    def __init__(self, url: str, clients: int = 3) -> None:
        self.errors: list[str] = []
        self.versions: list[str] = []
        self.closed = 0
        self._netloc = urlsplit(url).netloc
        self._enough = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(thinking_s,))
            for thinking_s in (0.0, 0.03)
            for _ in range(clients)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def more_than(self, answers: int) -> bool:
        """Whether so many were answered."""
        return len(self.versions) > answers

    def _ask(self, thinking_s: float) -> None:
        connection = http.client.HTTPConnection(self._netloc, timeout=120)
        while not self._enough.is_set():
            try:
                connection.request("GET", "/predict")
                response = connection.getresponse()
                self.versions.append(json.loads(response.read())["version"])
                self.closed += response.getheader("connection") == "close"
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.errors.append(repr(error))
                connection.close()
            self._enough.wait(thinking_s)
        connection.close()
