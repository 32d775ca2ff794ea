"""A client's conversation with a supervisor, and the start of one where there is none."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import stacks
from stacks.deployers.local.conversations import PROTOCOL
from stacks.deployers.local.logs import FILE as LOG_FILE
from stacks.deployers.local.supervisor import READY, SOCKET
from switchyard.errors import PlatformError, RequestError

_LONGEST_PATH = 100
"""A unix socket's path has at most 107 bytes on Linux, 103 on macOS."""

_GREETING_S = 5.0
_LAUNCH_S = 30.0
_ERRORS = {"request": RequestError, "platform": PlatformError}


class Control:
    """An open conversation; leaving the `with` block ends it. Made by `connect` and `launch`."""

    def __init__(self, connection: socket.socket, folder: Path) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._connection.close()

    def ask(self, timeout_s: float, **order: Any) -> dict[str, Any]:
        """Give an order and wait for its answer; a refusal is raised as the error that it is."""
        self._connection.settimeout(timeout_s)
        try:
            self._connection.sendall(json.dumps(order).encode() + b"\n")
            news = self.receive()
        except TimeoutError as error:
            raise PlatformError(
                f"the supervisor has not answered '{order['do']}' for {timeout_s:g} s; "
                f"see '{self._folder / LOG_FILE}'"
            ) from error
        except OSError as error:
            raise self._lost() from error
        if news is None:
            raise self._lost()
        if news["event"] == "refused":
            raise _ERRORS[news["kind"]](news["detail"])
        return news

    def receive(self) -> dict[str, Any] | None:
        """The supervisor's next line, None when it is gone."""
        line = self._file.readline()
        return json.loads(line) if line else None

    def _lost(self) -> PlatformError:
        return PlatformError(f"the supervisor is gone; see '{self._folder / LOG_FILE}'")


def connect(folder: Path) -> Control | None:
    """A conversation with the supervisor of `folder`, None when none is at work."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_GREETING_S)
    control = Control(connection, folder)
    try:
        _connect(connection, folder)
        greeting = control.receive()
    except (FileNotFoundError, ConnectionError):
        greeting = None
    except OSError as error:
        control.__exit__(None, None, None)
        raise PlatformError(
            f"the supervisor of '{folder}' cannot be asked: {error}; see '{folder / LOG_FILE}'"
        ) from error
    if greeting is None:
        control.__exit__(None, None, None)
        return None
    if greeting.get("protocol") != PROTOCOL:
        control.__exit__(None, None, None)
        raise PlatformError(
            f"the supervisor of '{folder}' was started by another version of this project; "
            "stop it with that version, or end its process, then deploy again"
        )
    return control


def launch(folder: Path) -> Control:
    """Start a supervisor for `folder` that outlives this process, and talk to it."""
    root = Path(stacks.__file__).resolve().parents[1]
    ours, theirs = os.pipe()
    command = (sys.executable, "-m", "stacks.deployers.local.supervisor", str(folder), str(theirs))
    with os.fdopen(ours, "rb") as answer, (folder / LOG_FILE).open("ab") as log:
        try:
            launcher = subprocess.Popen(  # noqa: S603  our own program
                command,
                cwd=root,
                env={**os.environ, "PYTHONPATH": str(root)},
                pass_fds=(theirs,),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        except OSError as error:
            raise PlatformError(f"no supervisor can be started: {error}") from error
        finally:
            os.close(theirs)
        said = answer.read()
        launcher.wait(_LAUNCH_S)
    control = connect(folder) if said == READY else None
    if control is None:
        why = said.decode(errors="replace") or f"it ended at once; see '{folder / LOG_FILE}'"
        raise PlatformError(f"the supervisor did not start: {why}")
    return control


def _connect(connection: socket.socket, folder: Path) -> None:
    path = folder / SOCKET
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        connection.connect(str(path))
        return
    with tempfile.TemporaryDirectory(prefix="sy-") as short:
        link = Path(short, "d")
        link.symlink_to(folder)
        connection.connect(str(link / SOCKET))
