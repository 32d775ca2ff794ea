"""Requests that are answered on their connection, without ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, ClassVar, TypeAlias

import pytest
import uvicorn

from bento.connections import Connection, Shortcut

Opened: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter, type[Connection]]
HEAD = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n%s\r\n"
WHOLE = HEAD % b"content-length: 4\r\n" + b"body"


class Echo:
    """Answers with the body it got."""

    body_timeout_s = 0.3

    def takes(self, headers: list[tuple[bytes, bytes]]) -> bool:
        return any(name == b"content-length" for name, _ in headers)

    def answer(self, headers: list[tuple[bytes, bytes]], body: bytes, *, closing: bool) -> bytes:
        last = b"connection: close\r\n" if closing else b""
        return b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n%s" % (last, len(body), body)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Says that ASGI was asked."""
    del scope, receive
    fields = [(b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": b"asgi"})


@asynccontextmanager
async def connected(**options: Any) -> AsyncIterator[Opened]:
    class Tried(Connection):
        shortcut: ClassVar[Shortcut | None] = Echo()
        head_timeout_s: ClassVar[float] = 0.3

    config = uvicorn.Config(
        application, http=Tried, lifespan="off", log_config=None, access_log=False, **options
    )
    config.load()
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        lambda: Tried(config, server.server_state, {}, loop), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
    try:
        yield reader, writer, Tried
    finally:
        writer.close()
        listener.close()


def run(journey: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(5):
            await journey()

    asyncio.run(bounded())


@pytest.mark.parametrize("cuts", [(), (10,), (len(WHOLE) - 2,), (5, 40, len(WHOLE) - 1)])
def test_a_body_is_answered_when_it_is_whole(cuts: tuple[int, ...]) -> None:
    async def journey() -> None:
        async with connected() as (reader, writer, _):
            for start, end in zip((0, *cuts), (*cuts, len(WHOLE)), strict=True):
                writer.write(WHOLE[start:end])
                await writer.drain()
                await asyncio.sleep(0.01)
            assert (await reader.readuntil(b"body")).startswith(b"HTTP/1.1 200")

    run(journey)


def test_requests_in_a_row_are_answered_in_a_row() -> None:
    other = HEAD % b"transfer-encoding: chunked\r\n" + b"2\r\nok\r\n0\r\n\r\n"

    async def journey() -> None:
        async with connected() as (reader, writer, _):
            writer.write(WHOLE + WHOLE.replace(b"body", b"next") + other + WHOLE)
            for expected in (b"body", b"next", b"asgi"):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(4) == expected
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(4) in (b"body", b"asgi")

    run(journey)


@pytest.mark.parametrize(
    "sent",
    [
        WHOLE[:-2],
        WHOLE[:20],
        WHOLE + b"\r\n",
        WHOLE + WHOLE[:-2],
        WHOLE + b"POST",
    ],
)
def test_what_does_not_go_on_is_ended(sent: bytes) -> None:
    async def journey() -> None:
        async with connected(timeout_keep_alive=1) as (reader, writer, _):
            writer.write(sent)
            while await reader.read(1000):
                pass

    run(journey)


def test_a_draining_process_says_that_an_answer_is_the_last() -> None:
    async def journey() -> None:
        async with connected() as (reader, writer, tried):
            writer.write(WHOLE[:-2])
            await writer.drain()
            await asyncio.sleep(0.05)
            tried.draining = True
            writer.write(WHOLE[-2:])
            answer = await reader.read(-1)
            assert b"connection: close" in answer
            assert answer.endswith(b"body")

    run(journey)


def test_a_connection_that_waits_is_closed_by_its_keep_alive_limit_alone() -> None:
    async def journey() -> None:
        async with connected(timeout_keep_alive=1) as (reader, writer, _):
            writer.write(WHOLE)
            await reader.readuntil(b"body")
            await asyncio.sleep(0.6)
            writer.write(WHOLE)
            await reader.readuntil(b"body")

    run(journey)
