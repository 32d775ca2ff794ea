"""Servers as processes: started on a free port, waited for, measured and ended."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
import psutil

from switchyard.errors import PlatformError

HOST = "127.0.0.1"
_PATIENCE_S = 120.0


def instances_body(urls: Sequence[str]) -> bytes:
    """A body of `/predict`."""
    return orjson.dumps({"instances": [{"url": url} for url in urls]})


@dataclass(frozen=True)
class Server:
    """How a server is started and asked.

    command: `{port}` stands for the port, `{fd}` for an inherited socket that listens there;
    ready: what answers 200 to GET once the server can predict; None: a prediction is tried.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    path: str = "/predict"
    ready: str | None = None
    body: Callable[[Sequence[str]], bytes] = instances_body


class Running:
    """A server's process and its children. To be used in a `with` statement."""

    def __init__(self, server: Server, log: Path) -> None:
        self.server = server
        self._log = log
        listener = socket.create_server((HOST, 0), backlog=2048)
        self.port: int = listener.getsockname()[1]
        inherited = any("{fd}" in word for word in server.command)
        if not inherited:
            listener.close()
        names = {"port": str(self.port), "fd": str(listener.fileno())}
        command = [word.format(**names) for word in server.command]
        # Bytecode of our own modules is kept, as on any machine that does not forbid it.
        base = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        with log.open("wb") as output:
            self._began = time.perf_counter()
            self._process = subprocess.Popen(
                command,
                cwd=server.folder,
                env={**base, **server.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()] if inherited else [],
                start_new_session=True,
            )
        listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Where predictions are asked for."""
        return f"http://{HOST}:{self.port}{self.server.path}"

    def wait(self) -> float:
        """Wait until it can predict; seconds since its start. PlatformError when it cannot."""
        while time.perf_counter() - self._began < _PATIENCE_S:
            if self._process.poll() is not None:
                break
            if self._answers():
                return time.perf_counter() - self._began
            time.sleep(0.01)
        tail = self._log.read_text(errors="replace")[-2000:]
        raise PlatformError(f"'{self.server.name}' did not come up; the end of its log:\n{tail}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            if self.server.ready is not None:
                connection.request("GET", self.server.ready)
            else:
                body = self.server.body(["ready.example/?"])
                headers = {"Content-Type": "application/json"}
                connection.request("POST", self.server.path, body, headers)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def processes(self) -> list[psutil.Process]:
        """All its processes that live, the one first that has worked most: its worker."""
        root = psutil.Process(self._process.pid)
        alive = [(_cpu(each), each) for each in (root, *root.children(recursive=True))]
        return [each for _, each in sorted(alive, key=lambda pair: -pair[0])]

    def stop(self) -> None:
        """End all its processes, and wait until they are gone."""
        if self._process.poll() is not None:
            return
        family = self.processes()
        self._process.terminate()
        _, left = psutil.wait_procs(family, timeout=15)
        for process in left:
            process.kill()
        self._process.wait()


def cpu_seconds(process: psutil.Process) -> float:
    """Processor seconds of a process so far, its threads included, its children not."""
    times = process.cpu_times()
    return float(times.user + times.system)


def rss_mb(process: psutil.Process) -> float:
    """Resident memory of a process in megabytes (10⁶ bytes)."""
    return float(process.memory_info().rss) / 1e6


def _cpu(process: psutil.Process) -> float:
    try:
        return cpu_seconds(process)
    except psutil.NoSuchProcess:
        return -1.0


@contextmanager
def started(servers: Sequence[Server], logs: Path) -> Iterator[dict[str, Running]]:
    """The servers, all up; ended when the block ends."""
    running: dict[str, Running] = {}
    try:
        for server in servers:
            running[server.name] = Running(server, logs / f"{server.name}.log")
            running[server.name].wait()
        yield running
    finally:
        for each in running.values():
            each.stop()
