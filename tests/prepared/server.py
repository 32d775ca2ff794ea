"""The prepared process: it has imported what run.py imports, and forks itself for each command.

    python -m tests.prepared.server DESCRIPTOR

The descriptor is a socket on which each request comes as one byte with four descriptors: the
connection of this command and its three standard streams. The connection carries the request, then
its process id, then its exit code. The process ends when nobody holds the socket's other end.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass, field

from tests.prepared import wire

STREAMS = 3


@dataclass(frozen=True)
class Asked:
    """What a child has to become, with its standard streams."""

    request: wire.Request
    streams: tuple[int, ...]


@dataclass
class Server:
    """Forks a child for each request, and tells how it ended."""

    control: socket.socket
    _running: dict[int, socket.socket] = field(default_factory=dict)

    def serve(self) -> Asked | None:
        """Until nobody asks: None. In a child: what it is asked for."""
        # A person's Ctrl-C reaches the whole group; who asked decides what comes of it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        woken, wakes = socket.socketpair()
        for end in (woken, wakes):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes.fileno())
        with selectors.DefaultSelector() as selector:
            selector.register(self.control, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is woken:
                        woken.recv(4096)
                        self._tell_of_ended()
                        continue
                    _, descriptors, _, _ = socket.recv_fds(self.control, 1, 1 + STREAMS)
                    if not descriptors:
                        return None
                    if (asked := self._forked(descriptors)) is not None:
                        return asked

    def _forked(self, descriptors: list[int]) -> Asked | None:
        """What is asked for, in the child alone."""
        connection, streams = socket.socket(fileno=descriptors[0]), descriptors[1:]
        try:
            request = wire.receive_request(connection)
        except EOFError:  # who asked thought better of it
            connection.close()
            _close(streams)
            return None
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            connection.detach()
            return Asked(request, tuple(streams))
        _close(streams)
        self._running[pid] = connection
        _told(connection, pid)
        return None

    def _tell_of_ended(self) -> None:
        for pid in list(self._running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                with self._running.pop(pid) as connection:
                    _told(connection, os.waitstatus_to_exitcode(status))


def _close(descriptors: list[int]) -> None:
    for each in descriptors:
        os.close(each)


def _told(connection: socket.socket, number: int) -> None:
    try:
        wire.send(connection, number)
    except BrokenPipeError:
        return  # who asked has gone and does not want to know


def main() -> None:
    """Prepare, serve, and in a child be the command that was asked for."""
    from tests.prepared.becoming import become
    from tests.prepared.imports import prepare

    made = prepare()
    asked = Server(socket.socket(fileno=int(sys.argv[1]))).serve()
    if asked is None:
        os._exit(0)  # what the imports left to be done at exit is the children's
    become(asked.request, asked.streams, made)


if __name__ == "__main__":
    main()
