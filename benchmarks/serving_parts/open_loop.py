"""Open-loop load: requests are sent when they are due, whether or not earlier ones are answered.

    python -m benchmarks.serving_parts.open_loop ADDRESS BODIES RATE SECONDS CONNECTIONS

A process of its own, which prints one JSON object. BODIES holds a body a line. A request that is
due while no connection is free is not sent, but counted. Times end with the whole answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

import numpy as np

_DRAIN_S = 5.0
_TICK_S = 0.001


@dataclass
class Record:
    """What was seen: seconds from sending to the whole answer, by status, and how late we sent."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    without_retry_after: int = 0
    unsent: int = 0
    broken: int = 0


class Connection(asyncio.Protocol):
    """A kept connection that carries one request at a time and opens itself again."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._answer = b""
        self._sent_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop.idle.append(self)

    def send(self, request: bytes) -> None:
        assert self._transport is not None
        self._sent_at = perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, ends, body = self._answer.partition(b"\r\n\r\n")
        if not ends:
            return
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(body) < int(fields.get(b"content-length", b"0")):
            return
        self._answer = b""
        if self._sent_at is None:
            return
        status = int(head[9:12])
        record = self._loop.record
        record.seconds.setdefault(status, []).append(perf_counter() - self._sent_at)
        if status == 503 and int(fields.get(b"retry-after", b"0")) < 1:
            record.without_retry_after += 1
        self._sent_at = None
        if fields.get(b"connection") != b"close":
            self._loop.idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._sent_at is not None:
            self._loop.record.broken += 1
        if self in self._loop.idle:
            self._loop.idle.remove(self)
        self._loop.open_another()


class Loop:
    """The connections and the schedule."""

    def __init__(self, address: str, bodies: list[bytes]) -> None:
        parts = urlsplit(address)
        assert parts.hostname is not None
        assert parts.port is not None
        self._host, self._port = parts.hostname, parts.port
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        head += "Content-Type: application/json\r\nContent-Length: "
        self._requests = [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]
        self.idle: list[Connection] = []
        self.record = Record()
        self._opening: set[asyncio.Task[None]] = set()
        self._over = False

    def open_another(self) -> None:
        """Open one more connection, as the load still goes on."""
        if not self._over:
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Connection(self), self._host, self._port)

    async def run(self, rate: float, seconds: float, connections: int) -> Record:
        """Send `rate` requests a second for so long, then wait for the answers still due."""
        for _ in range(connections):
            await self._open()
        began, sent = perf_counter(), 0
        while sent < rate * seconds:
            due = began + sent / rate
            now = perf_counter()
            if due > now:
                await asyncio.sleep(min(_TICK_S, due - now))
                continue
            if self.idle:
                self.record.late.append(now - due)
                self.idle.pop().send(self._requests[sent % len(self._requests)])
            else:
                self.record.unsent += 1
            sent += 1
            if sent % 16 == 0:
                await asyncio.sleep(0)
        self._over = True
        deadline = perf_counter() + _DRAIN_S
        while len(self.idle) < connections and perf_counter() < deadline:
            await asyncio.sleep(0.01)
        return self.record


def summary(record: Record) -> dict[str, float]:
    """Counts and milliseconds of a record."""

    def quantile(values: list[float], share: float) -> float:
        return float(np.quantile(values, share)) * 1e3 if values else 0.0

    accepted, shed = record.seconds.get(200, []), record.seconds.get(503, [])
    others = sum(len(v) for status, v in record.seconds.items() if status not in (200, 503))
    return {
        "accepted": len(accepted),
        "shed": len(shed),
        "other": others,
        "broken": record.broken,
        "unsent": record.unsent,
        "without_retry_after": record.without_retry_after,
        "accepted_p50_ms": quantile(accepted, 0.5),
        "accepted_p99_ms": quantile(accepted, 0.99),
        "shed_p50_ms": quantile(shed, 0.5),
        "shed_p99_ms": quantile(shed, 0.99),
        "late_p99_ms": quantile(record.late, 0.99),
    }


def _main() -> None:
    import uvloop

    address, bodies, rate, seconds, connections = sys.argv[1:]
    loop = Loop(address, Path(bodies).read_bytes().split(b"\n"))
    record = uvloop.run(loop.run(float(rate), float(seconds), int(connections)))
    print(json.dumps(summary(record)))


if __name__ == "__main__":
    _main()
