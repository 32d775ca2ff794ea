"""`python -m bento.worker`: a process that answers requests, told by its supervisor when.

It starts on a private port, where it can be tried while others answer the public socket. Orders
and news are JSON lines on the control socket:

    news    {"event": "listening", "port": 41234}   {"event": "accepting"}   {"event": "ending"}
    orders  {"do": "accept"}                        answer the public socket, too
            {"do": "drain", "limit_s": 60}          accept no more, let connections end, exit
            {"do": "stop", "limit_s": 10}           as drain, but close idle connections at once

This is between releases of different ages: orders may be added, never changed. The supervisor's
end closes the control socket, and a worker then stops. Without a control socket the public one is
answered at once, until SIGTERM.

In a pod it opens the public socket itself (`--listen`), and SIGTERM is `drain`: connections that
clients keep outlive the pod's place behind its Service. `--trial`: it is there to be tried, and
what it is asked is nobody's request until it is told that it has passed (`bento.trials`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import importlib
import json
import logging
import os
import resource
import signal
import socket
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from bento.connections import KEEP_ALIVE_S, Connection
from bento.logs import log_to_stderr
from bento.trials import passed_before, triable

APPLICATION = "bento.service:svc"
ORPHANED_S = 5.0
"""A worker whose supervisor is gone gives the requests in flight so long."""

_BACKLOG = 2048
_OPEN_FILES = 65_536

log = logging.getLogger("switchyard.worker")


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to end; the exit code is 0 then, 3 when the application cannot start."""
    options = _parser().parse_args(arguments)
    # The first process of a container is not ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, _leave)
    log_to_stderr()
    gc.disable()  # until start-up is over: thousands of modules are made, and none goes again
    _raise_open_files()
    import uvloop

    with tempfile.TemporaryDirectory(prefix="metrics-", ignore_cleanup_errors=True) as metrics:
        # Both are read when BentoML and its metrics are imported.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", metrics)
        Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("BENTOML_DO_NOT_TRACK", "true")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(options))


class WorkerServer(uvicorn.Server):
    """Uvicorn on a private socket and, once told to, on a public one: one application in both."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen on `sockets`."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the worker's business."""
        yield

    async def accept(self, listener: socket.socket) -> asyncio.Server:
        """Accept connections from `listener`, too, until the returned server is closed."""
        loop = asyncio.get_running_loop()

        def connection() -> Any:
            return Connection(self.config, self.server_state, self.lifespan.state, loop)

        server = await loop.create_server(connection, sock=listener, backlog=_BACKLOG)
        self.servers.append(server)
        return server


class Worker:
    """One serving process: its server, and what it is told."""

    def __init__(self, server: WorkerServer, listener: socket.socket) -> None:
        self._server = server
        self._listener = listener
        self._public: asyncio.Server | None = None
        self._ending: asyncio.Task[None] | None = None

    async def accept(self, *, on_trial: bool = False) -> None:
        """Answer the public socket; on_trial: only to be tried."""
        Connection.on_trial = on_trial
        if not on_trial:
            Connection.passed.set()
        gc.collect()
        gc.freeze()  # what start-up left lives as long as the process: collections can pass it by
        gc.enable()
        self._public = await self._server.accept(self._listener)

    def end(self, limit_s: float, *, idle_may_stay: bool) -> None:
        """Accept no more, let requests be answered within `limit_s` seconds, then exit.

        idle_may_stay: connections that wait for their next request may send it, and are closed by
        its answer or by their keep-alive limit, so that no request meets a closed connection.
        """
        if self._public:
            self._public.close()
        self._listener.close()
        if self._ending:
            self._ending.cancel()
        self._ending = asyncio.create_task(self._end(limit_s, idle_may_stay))

    async def _end(self, limit_s: float, idle_may_stay: bool) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit_s
        connections = self._server.server_state.connections
        Connection.draining = True
        for each in list(connections):
            if isinstance(each, Connection):
                each.drain()
        if idle_may_stay:
            # A connection that was being accepted when the socket was closed is seen by then.
            await asyncio.sleep(0.1)
            while connections and loop.time() < deadline:
                await asyncio.sleep(0.05)
        left = max(1, round(deadline - loop.time()))
        self._server.config.timeout_graceful_shutdown = left
        self._server.should_exit = True


async def _work(options: argparse.Namespace) -> None:
    Connection.head_timeout_s = options.head_timeout
    on_trial = options.trial and not passed_before(os.environ)
    Connection.on_trial = options.control_fd is not None or on_trial
    private = socket.create_server(("127.0.0.1", options.private_port), backlog=_BACKLOG)
    app = _application()
    server = WorkerServer(_configuration(triable(app, os.environ) if on_trial else app))
    serving = asyncio.create_task(server.serve(sockets=[private]))
    listening = asyncio.create_task(server.listening.wait())
    await asyncio.wait((serving, listening), return_when=asyncio.FIRST_COMPLETED)
    if not server.started:
        return await serving
    inherited = options.listen is None
    public = socket.socket(fileno=options.fd) if inherited else _listening(*options.listen)
    worker = Worker(server, public)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(
            name, lambda: worker.end(options.limit, idle_may_stay=not inherited)
        )
    if options.control_fd is None:
        await worker.accept(on_trial=on_trial)
        return await serving
    control = socket.socket(fileno=options.control_fd)
    obeying = asyncio.create_task(_obey(worker, control, private.getsockname()[1]))
    await serving
    obeying.cancel()
    return None


async def _obey(worker: Worker, control: socket.socket, port: int) -> None:
    """Follow the supervisor's orders; its end is one, too."""
    reader, writer = await asyncio.open_connection(sock=control)

    def tell(**news: Any) -> None:
        writer.write(json.dumps(news).encode() + b"\n")

    tell(event="listening", port=port)
    try:
        async for line in reader:
            order = json.loads(line)
            match order["do"]:
                case "accept":
                    await worker.accept()
                    tell(event="accepting")
                case "drain" | "stop" as how:
                    worker.end(float(order["limit_s"]), idle_may_stay=how == "drain")
                    tell(event="ending")
        log.warning("the supervisor is gone; this worker ends")
    except (OSError, ValueError, KeyError):
        log.exception("the supervisor cannot be understood; this worker ends")
    worker.end(ORPHANED_S, idle_may_stay=False)


def _configuration(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


def _application() -> Any:
    module, name = APPLICATION.split(":")
    return getattr(importlib.import_module(module), name).to_asgi()


def _listening(host: str, port: int) -> socket.socket:
    """A public socket of its own."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def _leave(number: int, frame: FrameType | None) -> None:
    """End before there is anything to drain."""
    del frame
    raise SystemExit(128 + number)


def _raise_open_files() -> None:
    """Allow as many connections as the system does; shells give 1,024 files by default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bento.worker", description=__doc__)
    add = parser.add_argument
    public = parser.add_mutually_exclusive_group(required=True)
    public.add_argument("--fd", type=int, help="the public socket: inherited, bound, listening")
    public.add_argument("--listen", type=_address, metavar="HOST:PORT", help="open it there")
    add("--trial", action="store_true", help="count and record nothing until told")
    add("--control-fd", type=int, help="a socket to the supervisor")
    add("--private-port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    add("--head-timeout", type=float, default=10.0, help="seconds for a request's head to arrive")
    add("--limit", type=float, default=30.0, help="seconds for requests in flight after SIGTERM")
    return parser


if __name__ == "__main__":
    main()
