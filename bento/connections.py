"""Connections of a serving process: heads must arrive in time, and draining loses no request.

Uvicorn limits neither the time nor the size of a request's head, so that a few clients that send
theirs byte by byte could hold every connection there is.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

KEEP_ALIVE_S = 5
"""A connection that waits for its next request is closed after so many seconds."""

MAX_HEAD_BYTES = 65_536


class Connection(HttpToolsProtocol):
    """One HTTP connection, whose heads must be complete in time and in bounds.

    `draining` is the process's: each answer then says that it is the connection's last one.
    """

    draining: ClassVar[bool] = False
    head_timeout_s: ClassVar[float] = 10.0

    _late: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; the first head is expected from now on."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._head_arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived; afterwards a head is complete, or it is still waited for."""
        began_in_body = self._in_body
        super().data_received(data)
        cycle = self.cycle
        if cycle is None or (cycle.response_complete and self.timeout_keep_alive_task is None):
            if self._late is None or not (self._head_bytes or self._in_body):
                self._expect_head()
            if not began_in_body:
                self._head_bytes += len(data)
                if self._head_bytes > MAX_HEAD_BYTES:
                    self._refuse(431)
        elif self._late is not None:
            self._head_arrived()

    def on_headers_complete(self) -> None:
        """A request begins."""
        super().on_headers_complete()
        self._in_body = True
        if self.draining:
            self.drain()

    def on_message_complete(self) -> None:
        """The request's body is whole; what follows is the next head."""
        super().on_message_complete()
        self._in_body = False

    def drain(self) -> None:
        """Make the newest request's answer the last one, unless the answer has begun already.

        An idle connection stays: its client may be sending a request this very moment. It is closed
        by that request's answer or by its keep-alive limit.
        """
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def _expect_head(self) -> None:
        self._head_arrived()
        self._late = self.loop.call_later(self.head_timeout_s, self._refuse, 408)

    def _head_arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
        self._head_bytes = 0

    def _refuse(self, status: int) -> None:
        """Close the connection; a client that has sent a part of a head is told why."""
        partial = self._head_bytes > 0
        self._head_arrived()
        if self.transport.is_closing():
            return
        if partial:
            self.transport.write(
                STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n"
            )
        self.transport.close()
