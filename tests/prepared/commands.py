"""How tests run run.py: forked by a process that has imported already what it imports.

    run([sys.executable, "run.py", …], environment, folder)

as `subprocess.run` with all streams captured would; `start` is the part of `subprocess.Popen`.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import IO

from tests.prepared import wire
from tests.prepared.processes import Process

ROOT = Path(__file__).resolve().parents[2]
AT_IMPORT = (
    *("LANG", "LC_", "LD_", "MALLOC_", "PYTHON"),
    *("KMP_", "MKL_", "NUMBA_", "OMP_", "OPENBLAS_"),
    *("MLFLOW_", "MPL", "ZENML_LOGGING_"),
)
"""Beginnings of variables that are heeded as soon as Python or a library is loaded."""

HEEDED = {"KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK", "PYTHONPATH"}
"""Those of them that may differ: scikit-learn sets two, whoever imports it, and a child reads the
third anew."""

_REPLY_S = 600.0
"""For what hangs: the first reply waits for all the imports."""


def run(
    args: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    timeout: float = 600.0,
    limits: Mapping[str, int] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end; it is killed, and TimeoutExpired raised, when that takes longer."""
    process = start(args, environment, folder, stdout=subprocess.PIPE, limits=limits)
    try:
        out, err = process.communicate(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    return subprocess.CompletedProcess(args, process.wait(), out, err)


def start(
    args: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    stdout: int = subprocess.DEVNULL,
    new_session: bool = False,
    limits: Mapping[str, int] | None = None,
) -> Process:
    """Start a script whose errors can be read from a pipe.

    args: this Python, the script's path, its arguments; environment: the whole of it; limits: as of
    `wire.Request`.
    """
    if args[0] != sys.executable or args[1].startswith("-"):
        raise ValueError(f"this is no script for {sys.executable}: {args}")
    request = wire.Request(
        args[1:], dict(environment), str(folder), new_session, dict(limits or {})
    )
    return _prepared().fork(args, request, stdout)


class Prepared:
    """The process that forks; it ends by itself when this one does."""

    def __init__(self) -> None:
        self._environment = os.environ | {"COLUMNS": "200"}
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  as long as this process is there
        self._asking = threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.prepared.server", str(theirs.fileno())],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                pass_fds=[theirs.fileno()],
            )

    def fork(self, args: Sequence[str], request: wire.Request, stdout: int) -> Process:
        """A child that has become the script."""
        if differing := self._differing(request.environment):
            raise ValueError(f"{differing} are heeded at a start, which has been: run it afresh")
        ours, theirs = socket.socketpair()
        ours.settimeout(_REPLY_S)
        with ExitStack() as inherited:
            inherited.enter_context(theirs)
            null = inherited.enter_context(Path(os.devnull).open("r+b"))
            out, written = _pipe(inherited) if stdout == subprocess.PIPE else (None, null.fileno())
            err, complained = _pipe(inherited)
            streams = [null.fileno(), written, complained]
            try:
                with self._asking:
                    socket.send_fds(self._control, [b"!"], [theirs.fileno(), *streams])
                theirs.close()
                wire.send_request(ours, request)
                return Process(args, ours, out, err)
            except (EOFError, ConnectionError, TimeoutError) as error:
                raise RuntimeError(f"the prepared process is not there: {self.said}") from error
            except BaseException:
                ours.close()  # the prepared process waits for what does not come any more
                raise

    def end(self) -> None:
        """End it, and have its time counted as that of a child."""
        self._control.close()
        self._process.wait()

    @property
    def said(self) -> str:
        """What the process wrote before it forked."""
        self._said.seek(0)
        return self._said.read().decode("utf-8", "replace")

    def _differing(self, environment: Mapping[str, str]) -> set[str]:
        return {
            name
            for name in {*environment, *self._environment}
            if name.startswith(AT_IMPORT)
            and name not in HEEDED
            and environment.get(name) != self._environment.get(name)
        }


@cache
def _prepared() -> Prepared:
    made = Prepared()
    atexit.register(made.end)
    return made


def _pipe(inherited: ExitStack) -> tuple[IO[str], int]:
    """The end that is read here, and the other, which is closed here when the stack is."""
    reads, writes = os.pipe()
    inherited.callback(os.close, writes)
    return os.fdopen(reads, encoding="utf-8"), writes
