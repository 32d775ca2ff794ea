"""What all requests pass."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from bento.lane import Lane
from switchyard.configuration.serving import Serving


def asked(path: str, counted: list[tuple[str, int]]) -> list[dict[str, Any]]:
    """What is sent for a GET of `path`; `counted` gets the routes and statuses."""
    api = FastAPI()

    @api.get("/broken")
    async def broken() -> None:
        raise ValueError("a defect")

    @api.get("/cut-off")
    async def cut_off() -> StreamingResponse:
        def blocks() -> Any:
            yield b"some"
            raise OSError("the disk is gone")

        return StreamingResponse(blocks())

    async def failed(request: Any, error: Any) -> Response:
        del request, error
        return PlainTextResponse("it failed", 500)

    api.add_exception_handler(Exception, failed)
    runtime: Any = SimpleNamespace(
        settings=SimpleNamespace(serving=Serving()),
        keys=SimpleNamespace(wanted=False),
        metrics=SimpleNamespace(answered=lambda route, status, _: counted.append((route, status))),
    )
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # the client sends nothing and stays
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    asyncio.run(Lane(runtime, None, api)(scope, receive, send))
    return sent


def test_a_failure_that_was_answered_is_counted_and_ends_there() -> None:
    counted: list[tuple[str, int]] = []

    sent = asked("/broken", counted)

    assert (sent[0]["status"], sent[-1]["body"]) == (500, b"it failed")
    assert counted == [("/broken", 500)]


def test_an_answer_that_is_cut_off_is_no_silent_failure() -> None:
    counted: list[tuple[str, int]] = []

    with pytest.raises(OSError, match="the disk is gone"):
        asked("/cut-off", counted)
    assert counted == [("/cut-off", 200)]
