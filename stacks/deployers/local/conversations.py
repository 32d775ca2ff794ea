"""What a supervisor is told, and what it answers: JSON lines, one conversation a connection.

    {"do": "status"}                    {"event": "status", …}
    {"do": "start", "release": …, …}    {"event": "candidate", "url": …}, then one of
        {"do": "switch", "drain_s": …}      {"event": "status", …}
        {"do": "discard"}                   {"event": "discarded"}
    {"do": "restore", …}                {"event": "status", …}
    {"do": "stop"}                      {"event": "stopped"}

A refusal is {"event": "refused", "kind": "request" | "platform", "detail": …}. A client that is
gone before it has said `switch` has its candidate discarded.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from stacks.deployers.local.logs import Log
from stacks.deployers.local.supervision import Supervision
from switchyard.errors import PlatformError, RequestError, SwitchyardError

PROTOCOL = 1

_DISCARDING_S = 20.0


class Conversations:
    """All conversations of a supervisor. `over` is set when there is nothing left to do."""

    def __init__(self, supervision: Supervision, log: Log) -> None:
        self._supervision = supervision
        self._log = log
        self._open = 0
        self._deploying = asyncio.Lock()
        self.over = asyncio.Event()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Follow one client's orders until it leaves."""
        if self.over.is_set():
            writer.close()
            return
        self._open += 1
        try:
            tell(writer, event="hello", protocol=PROTOCOL)
            while line := await reader.readline():
                await self._obey(json.loads(line), reader, writer)
                await writer.drain()
        except ConnectionError:
            return  # it left in the middle of an answer
        finally:
            self._open -= 1
            writer.close()
            if not self._open and not self._supervision.running:
                self.over.set()

    async def _obey(
        self, order: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            match order["do"]:
                case "status":
                    tell(writer, event="status", **self._supervision.status())
                case "start":
                    async with self._alone():
                        await self._deploy(order, reader, writer)
                case "restore":
                    async with self._alone():
                        await self._supervision.restore(order)
                    tell(writer, event="status", **self._supervision.status())
                case "stop":
                    async with self._alone():
                        await self._supervision.stop(for_good=True)
                    tell(writer, event="stopped")
                case other:
                    raise RequestError(f"the supervisor knows no order '{other}'")
        except SwitchyardError as error:
            kind = "request" if isinstance(error, RequestError) else "platform"
            self._log.note(f"refused: {error}", "ERROR")
            tell(writer, event="refused", kind=kind, detail=str(error))
        except Exception as error:
            self._log.note(traceback.format_exc(), "ERROR")
            tell(writer, event="refused", kind="platform", detail=f"the supervisor failed: {error}")
            if isinstance(error, ConnectionError):
                raise

    async def _deploy(
        self, order: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Bring a candidate up and do with it what the client decides; to leave is to discard."""
        starting = asyncio.create_task(self._supervision.start(order))
        next_line = asyncio.create_task(reader.readline())
        await asyncio.wait({starting, next_line}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            with suppress(asyncio.CancelledError, SwitchyardError):
                await self._supervision.discard(await starting)
            return
        try:
            candidate = await starting
        except BaseException:
            next_line.cancel()
            raise
        tell(writer, event="candidate", url=candidate.url)
        try:
            decision = json.loads(await next_line or "{}")
        except (ConnectionError, ValueError):
            decision = {}
        if decision.get("do") == "switch":
            await self._supervision.switch(candidate, float(decision["drain_s"]))
            tell(writer, event="status", **self._supervision.status())
        else:
            await self._supervision.discard(candidate)
            tell(writer, event="discarded")

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """One at a time; what a client that is gone had begun needs a moment to be discarded."""
        try:
            async with asyncio.timeout(_DISCARDING_S):
                await self._deploying.acquire()
        except TimeoutError as error:
            raise PlatformError(
                "another deployment is under way; try again when it has ended"
            ) from error
        try:
            yield
        finally:
            self._deploying.release()


def tell(writer: asyncio.StreamWriter, **news: Any) -> None:
    """Send one line."""
    if not writer.is_closing():
        writer.write(json.dumps(news).encode() + b"\n")
