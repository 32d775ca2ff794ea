"""Connections of a serving process: heads must arrive in time, and draining loses no request.

Uvicorn limits neither the time nor the size of a request's head, so that a few clients that send
theirs byte by byte could hold every connection there is.

A small `POST /predict` is answered here, as soon as its body is there: a task, an ASGI scope and
three messages would cost more than the prediction. What is not plain goes the usual way.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

KEEP_ALIVE_S = 5
"""A connection that waits for its next request is closed after so many seconds."""

MAX_HEAD_BYTES = 65_536


class Shortcut(Protocol):
    """Answers small predictions without ASGI."""

    body_timeout_s: float

    def takes(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether a request with this head can be answered at once."""

    def answer(self, headers: list[tuple[bytes, bytes]], body: bytes, *, closing: bool) -> bytes:
        """The whole answer, head and body; closing: say that it is the connection's last one."""


class Connection(HttpToolsProtocol):
    """One HTTP connection, whose heads must be complete in time and in bounds.

    `draining` is the process's: each answer then says that it is the connection's last one.
    `on_trial`, too: the process is being tried, and what it is asked is nobody's request; `passed`
    is set when that is over.
    `shortcut` is the application's, once it has started.
    """

    draining: ClassVar[bool] = False
    on_trial: ClassVar[bool] = False
    passed: ClassVar[asyncio.Event] = asyncio.Event()
    head_timeout_s: ClassVar[float] = 10.0
    shortcut: ClassVar[Shortcut | None] = None

    _direct: list[bytes] | None = None
    _answered = False
    _body_is_late = False

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
        if self._answered and self.timeout_keep_alive_task is not None:
            return
        if self._direct is not None:
            self._expect_body()
            return
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

    def on_message_begin(self) -> None:
        """A head begins; its ASGI scope is made when it is known to be needed."""
        self._unset_keepalive_if_required()  # one that an answer in the same packet has set
        self._answered = self._body_is_late = False
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        """A request begins."""
        self._in_body = True
        if self.url == b"/predict" and self._is_direct():
            self._direct = []
            return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        super().on_headers_complete()
        if self.draining:
            self.drain()

    def on_body(self, body: bytes) -> None:
        """A piece of the request's body."""
        if self._direct is None:
            super().on_body(body)
        else:
            self._direct.append(body)

    def on_message_complete(self) -> None:
        """The request's body is whole; what follows is the next head."""
        if self._direct is None:
            super().on_message_complete()
        else:
            pieces, self._direct = self._direct, None
            self._answer(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._in_body = False

    def _is_direct(self) -> bool:
        """Whether the request may be answered as soon as it is whole, before any that follows."""
        return (
            self.shortcut is not None
            and not self.draining
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and self.shortcut.takes(self.headers)
        )

    def _answer(self, body: bytes) -> None:
        if self._late is not None:
            self._head_arrived()
        if self.shortcut is None or self.transport.is_closing():
            return
        closing = self.draining  # it may have begun since the head came
        self.transport.write(self.shortcut.answer(self.headers, body, closing=closing))
        self._answered = True
        self.server_state.total_requests += 1
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )
        if closing:
            self.transport.close()

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

    def _expect_body(self) -> None:
        """The rest of a small body is waited for as long as any body."""
        if not self._body_is_late and self.shortcut is not None:
            self._head_arrived()
            self._body_is_late = True
            self._head_bytes = 1
            self._late = self.loop.call_later(self.shortcut.body_timeout_s, self._refuse, 408)

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
