"""What a serving process does at start-up, and what it waits for."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bento.application import _working
from bento.connections import Connection
from bento.runtime import Runtime


@pytest.mark.parametrize("on_trial", [True, False])
def test_a_candidate_leaves_jobs_alone_until_its_trial_is_over(
    monkeypatch: pytest.MonkeyPatch, on_trial: bool
) -> None:
    async def begin_and_pass() -> tuple[bool, bool]:
        runtime: Any = SimpleNamespace(loaded=asyncio.Event())
        monkeypatch.setattr(Connection, "on_trial", on_trial)
        monkeypatch.setattr(Connection, "passed", asyncio.Event())
        working = asyncio.create_task(_working(cast(Runtime, runtime)))
        runtime.loaded.set()
        await asyncio.sleep(0.05)
        before = working.done()
        Connection.passed.set()
        await asyncio.wait_for(working, 10)
        return before, working.done()

    assert asyncio.run(begin_and_pass()) == (not on_trial, True)
