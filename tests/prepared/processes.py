"""A command that the prepared process has forked, to tests as good as one of `subprocess`."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Sequence
from subprocess import TimeoutExpired
from typing import IO

from tests.prepared import wire


class Process:
    """The part of `subprocess.Popen` that tests use, of texts.

    connection: where the prepared process tells of it; stdout, stderr: ends of pipes to read from,
    None for a stream that goes elsewhere.
    """

    def __init__(
        self,
        args: Sequence[str],
        connection: socket.socket,
        stdout: IO[str] | None,
        stderr: IO[str] | None,
    ) -> None:
        self.args = list(args)
        self.stdout, self.stderr = stdout, stderr
        self.returncode: int | None = None
        self._connection = connection
        self.pid = int(wire.receive(connection))
        connection.settimeout(None)

    def poll(self) -> int | None:
        """Its exit code; if a signal ended it the negative number; None while it runs."""
        with contextlib.suppress(TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended; TimeoutExpired when it has not by then."""
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._connection, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise TimeoutExpired(self.args, timeout or 0.0)
            self.returncode = int(wire.receive(self._connection))
            self._connection.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it still writes to its pipes, until they are closed; then it is waited for."""
        deadline = None if timeout is None else time.monotonic() + timeout

        def left() -> float | None:
            return None if deadline is None else max(deadline - time.monotonic(), 0.0)

        readers = [_Reader(pipe) for pipe in (self.stdout, self.stderr)]
        for reader in readers:
            reader.join(left())
            if reader.is_alive():
                raise TimeoutExpired(self.args, timeout or 0.0)
        self.wait(left())
        return readers[0].text, readers[1].text

    def send_signal(self, number: int) -> None:
        """Signal it, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class _Reader(threading.Thread):
    """Reads a pipe to its end."""

    def __init__(self, pipe: IO[str] | None) -> None:
        super().__init__(daemon=True)
        self._pipe, self.text = pipe, ""
        self.start()

    def run(self) -> None:
        if self._pipe is not None:
            with self._pipe:
                self.text = self._pipe.read()
