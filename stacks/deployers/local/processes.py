"""One worker process as its supervisor sees it: started, tried, told, awaited."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.deployers.local.logs import Log
from switchyard.serving.locations import for_a_service

_POLL_S = 0.025
_ACCEPT_S = 10.0
_CLOSE_S = 2.0
_GRACE_S = 20.0
"""After its limit a worker has so long for its shutdown: records are closed, the companion ends."""


class WorkerFailed(Exception):  # noqa: N818  a message between the supervisor's parts
    """A worker did not become ready, or is gone; the text says why."""


@dataclass(frozen=True)
class Launch:
    """How the workers of a release are started.

    folder: the release's; metrics: where the release's workers keep their counters;
    environment: the deploying person's, for it holds the keys of the API and of the store.
    """

    folder: Path
    metrics: Path
    environment: Mapping[str, str]
    ready_timeout_s: float

    def variables(self) -> dict[str, str]:
        """The environment of a worker."""
        return {
            **for_a_service(self.environment),
            "PYTHONPATH": str(self.folder),
            "SWITCHYARD_SERVICE_DIR": str(self.folder),
            "PROMETHEUS_MULTIPROC_DIR": str(self.metrics),
            "BENTOML_DO_NOT_TRACK": "true",
        }


class WorkerProcess:
    """A running `python -m bento.worker`. Made by `spawn`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        control: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        ready_timeout_s: float,
    ) -> None:
        self.pid = process.pid
        self._process = process
        self._news, self._orders = control
        self._ready_timeout_s = ready_timeout_s
        self._last: deque[str] = deque(maxlen=1)
        self._logging: asyncio.Task[None] | None = None

    @classmethod
    async def spawn(cls, launch: Launch, listener: socket.socket, log: Log) -> WorkerProcess:
        """Start a process that holds `listener`, and does not accept from it yet."""
        try:
            launch.metrics.mkdir(parents=True, exist_ok=True)
            ours, theirs = socket.socketpair()
            output, target = os.pipe()
        except OSError as error:
            raise WorkerFailed(f"no worker can be started: {error}") from error
        inherited = (listener.fileno(), theirs.fileno())
        arguments = ("--fd", str(inherited[0]), "--control-fd", str(inherited[1]))
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bento.worker", *arguments),
                cwd=launch.folder,
                env=launch.variables(),
                pass_fds=inherited,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=target,
                stderr=target,
            )
        except OSError as error:
            ours.close()
            os.close(output)
            raise WorkerFailed(f"no worker can be started in '{launch.folder}': {error}") from error
        finally:
            theirs.close()
            os.close(target)
        control = await asyncio.open_connection(sock=ours)
        worker = cls(process, control, launch.ready_timeout_s)
        worker._logging = asyncio.create_task(worker._keep_log(output, log))
        return worker

    async def ready(self) -> str:
        """Wait until it can predict; its private URL. WorkerFailed when it ends or is too slow."""
        try:
            async with asyncio.timeout(self._ready_timeout_s):
                port = int((await self._expect("listening"))["port"])
                while not await _answers(port):
                    if self._process.returncode is not None:
                        raise WorkerFailed(await self._epitaph())
                    await asyncio.sleep(_POLL_S)
        except TimeoutError as error:
            raise WorkerFailed(
                f"the service was not ready after {self._ready_timeout_s:g} s"
            ) from error
        return f"http://127.0.0.1:{port}"

    async def accept(self) -> None:
        """Let it answer the public socket; returns when it does."""
        self._order(do="accept")
        try:
            async with asyncio.timeout(_ACCEPT_S):
                await self._expect("accepting")
        except TimeoutError as error:
            raise WorkerFailed(f"worker {self.pid} does not answer") from error

    async def end(self, limit_s: float, *, drain: bool) -> None:
        """Tell it to end within `limit_s`; returns when it accepts no more connections.

        drain: connections that wait for their next request may send it.
        """
        self._order(do="drain" if drain else "stop", limit_s=limit_s)
        with suppress(WorkerFailed, TimeoutError):  # gone, or too busy to say so
            async with asyncio.timeout(_CLOSE_S):
                await self._expect("ending")

    async def ended(self, limit_s: float) -> None:
        """Wait for its end, and bring it about when the limit has passed."""
        try:
            async with asyncio.timeout(limit_s + _GRACE_S):
                await self.wait()
        except TimeoutError:
            self.kill()
            await self.wait()

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        code = await self._process.wait()
        self._orders.close()
        return code

    def _order(self, **order: Any) -> None:
        if not self._orders.is_closing():
            self._orders.write(json.dumps(order).encode() + b"\n")

    async def _expect(self, event: str) -> dict[str, Any]:
        """Its next news of this kind; other kinds may come from newer releases."""
        while True:
            try:
                line = await self._news.readline()
            except ConnectionError:
                line = b""
            if not line:
                raise WorkerFailed(await self._epitaph())
            news: dict[str, Any] = json.loads(line)
            if news["event"] == event:
                return news

    async def _epitaph(self) -> str:
        """Why it ended, as far as its last words tell."""
        code = await self._process.wait()
        if self._logging:
            await asyncio.wait({self._logging}, timeout=0.5)
        words = f"; its last words: {self._last[0]}" if self._last else ""
        return f"the service ended with code {code}{words}"

    async def _keep_log(self, output: int, log: Log) -> None:
        """Copy what the process and its children print, line by line, until they all have ended."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        with os.fdopen(output, "rb", buffering=0) as pipe:
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await loop.connect_read_pipe(lambda: protocol, pipe)
            rest = b""
            while data := await reader.read(65_536):
                whole, newline, rest = (rest + data).rpartition(b"\n")
                if newline or len(rest) > 65_536:
                    lines = whole + newline if newline else rest + b"\n"
                    rest = rest if newline else b""
                    log.write(lines)
                    self._last.append(_message(lines))
            if rest:
                log.write(rest + b"\n")
            transport.close()


def _message(lines: bytes) -> str:
    """What the last of these lines says: a log record's message, or the line itself."""
    line = lines.splitlines()[-1].decode(errors="replace")
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(line)["message"])
    return line


async def _answers(port: int) -> bool:
    """Whether GET /readyz is answered with 200."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
