"""What a supervisor does for one client while it is at work for another."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from stacks.deployers.local import conversations
from stacks.deployers.local.conversations import Conversations
from switchyard.errors import PlatformError


@pytest.fixture
def busy() -> Conversations:
    """A supervisor's conversations; the tests need nothing of what it supervises."""
    return Conversations(cast("Any", SimpleNamespace(running=None)), cast("Any", None))


def test_a_deployment_waits_for_the_one_before(busy: Conversations) -> None:
    order: list[str] = []

    async def first() -> None:
        async with busy._alone():
            await asyncio.sleep(0.05)
            order.append("first")

    async def second() -> None:
        async with busy._alone():
            order.append("second")

    async def both() -> None:
        await asyncio.gather(first(), second())

    asyncio.run(both())

    assert order == ["first", "second"]


def test_it_is_told_when_that_does_not_end(
    busy: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "_DISCARDING_S", 0.01)

    async def twice() -> None:
        async with busy._alone(), busy._alone():
            raise AssertionError("both are at it")

    with pytest.raises(PlatformError, match="another deployment is under way"):
        asyncio.run(twice())
