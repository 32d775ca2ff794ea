"""Reading a request's body within its bounds: size, time, type and packing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio.to_thread

from switchyard.serving.problems import Problem
from switchyard.serving.unpacking import unpacked

Headers = list[tuple[bytes, bytes]]

_SLOWEST = 10_000
"""Bytes a second of an upload: a slower one would hold its connection and its draft for ever."""


class Disconnected(Exception):  # noqa: N818  nobody is left to be answered
    """The client went away before its request was whole."""


def header(headers: Headers, name: bytes) -> bytes | None:
    """The value of a header, None when it is not there; names are in lower case."""
    for key, value in headers:
        if key == name:
            return value
    return None


def declared_length(headers: Headers, most: int) -> int:
    """Content-Length, 0 when the body comes in chunks; Problem 413 when it is beyond `most`."""
    given = header(headers, b"content-length")
    if given is None:
        return 0
    if len(given) > 15 or int(given) > most:
        raise Problem(413, f"the body has more than the {most:,} bytes that are taken here")
    return int(given)


async def read_body(receive: Any, headers: Headers, most: int, timeout_s: float) -> bytes:
    """The whole body, unpacked. Problem 408, 413, 415 or 400; Disconnected."""
    declared_length(headers, most)
    try:
        async with asyncio.timeout(timeout_s):
            message = await receive()
            body: bytes = message.get("body", b"")
            if message.get("more_body"):
                body = await _rest(body, receive, most)
            elif message["type"] == "http.disconnect":
                raise Disconnected
    except TimeoutError:
        raise Problem(408, f"the body did not arrive within {timeout_s:g} s") from None
    if len(body) > most:
        raise Problem(413, f"the body has more than the {most:,} bytes that are taken here")
    encoding = header(headers, b"content-encoding")
    if not encoding:
        return body
    plain: bytes = await anyio.to_thread.run_sync(unpacked, body, encoding, most)
    return plain


async def _rest(first: bytes, receive: Any, most: int) -> bytes:
    pieces, size, more = [first], len(first), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > most:
            raise Problem(413, f"the body has more than the {most:,} bytes that are taken here")
        more = message.get("more_body", False)
    return b"".join(pieces)


async def stream_body(receive: Any, timeout_s: float) -> AsyncIterator[bytes]:
    """The body piece by piece, for bodies larger than memory.

    Problem 408 when it is slower than `_SLOWEST` bytes a second, `timeout_s` seconds apart.
    """
    more, size = True, 0
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while more:
        try:
            async with asyncio.timeout_at(begun + timeout_s + size / _SLOWEST):
                message = await receive()
        except TimeoutError:
            raise Problem(
                408, f"the upload is slower than {_SLOWEST:,} bytes a second; try again"
            ) from None
        if message["type"] == "http.disconnect":
            raise Disconnected
        piece = message.get("body", b"")
        size += len(piece)
        yield piece
        more = message.get("more_body", False)


def require_json(headers: Headers) -> None:
    """Problem 415 unless Content-Type says JSON."""
    given = header(headers, b"content-type") or b""
    if given != b"application/json":
        plain = given.partition(b";")[0].strip().lower()
        if plain != b"application/json":
            raise Problem(415, "Content-Type must be application/json")
