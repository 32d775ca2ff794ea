"""`run.py watch`: monitoring at an interval, each time in a process of its own.

So that memory does not grow with the runs, and a run that crashes does not end the watch.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import IO

from pipelines.arguments import ROOT
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from switchyard.monitoring.records import store_location

STOP_S = 60.0
"""What a run that was asked to stop may take to do so."""

LONGEST_S = 365 * 86_400.0

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_INTERVAL = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([smhd])")


def seconds_of(interval: str) -> float:
    """The seconds of '30s', '15m', '1.5h' or '1d', up to a year; RequestError for others."""
    found = _INTERVAL.fullmatch(interval.strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 1 <= seconds <= LONGEST_S:
        raise RequestError(
            f"--every '{interval}' is no interval from a second to a year; say it as in 30s, 15m "
            "or 1h"
        )
    return seconds


class Watch:
    """Runs a command every so many seconds, never two at a time.

    times: how often; None: until it is stopped. A run that takes longer than the interval is
    waited for, and what was missed meanwhile is left out.
    """

    def __init__(self, command: Sequence[str], every_s: float, times: int | None = None) -> None:
        self._command = list(command)
        self._every_s = every_s
        self._times = times
        self._stopped = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Watch to the end; the highest exit code that a run had, 0 when the watch was stopped."""
        before = {each: signal.signal(each, self._stop) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            return self._watch()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _watch(self) -> int:
        worst, done, due = 0, 0, time.monotonic()
        while not self._stopped.is_set():
            code = self._once()
            done += 1
            if self._stopped.is_set():
                break
            worst = max(worst, code)
            if done == self._times:
                return worst
            now = time.monotonic()
            missed = max(0, int((now - due) // self._every_s))
            due += (missed + 1) * self._every_s
            self._stopped.wait(max(0.0, due - now))
        self._say("watch: stopped")
        return 0

    def _once(self) -> int:
        began = time.monotonic()
        # Files, not pipes: what a run leaves running must not keep the watch waiting for their end.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = self._ended(out, err)
            out.seek(0)
            err.seek(0)
            said, complained = _last_line(out.read()), _last_line(err.read())
        told = said or complained if code in (0, 1) else complained or said
        took = time.monotonic() - began
        self._say(
            f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} exit {code}, {took:.0f} s: "
            f"{told or 'said nothing'}"
        )
        return code if code >= 0 else 3

    def _ended(self, out: IO[bytes], err: IO[bytes]) -> int:
        """Run the command; return how it ended.

        One that does not stop when asked to is killed with all that it has started, but for what
        has a session of its own, as the services that it deploys have.
        """
        child = subprocess.Popen(  # noqa: S603  our own command
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            # A session of its own: Ctrl-C is for the watch, which passes it on once.
            start_new_session=True,
        )
        self._child = child
        if self._stopped.is_set():
            child.send_signal(signal.SIGINT)
        patience = None
        while True:
            try:
                return child.wait(timeout=1.0)
            except subprocess.TimeoutExpired:
                if self._stopped.is_set():
                    patience = patience or time.monotonic() + STOP_S
                    if time.monotonic() > patience:
                        os.killpg(child.pid, signal.SIGKILL)

    def _say(self, line: str) -> None:
        """One line, at once: who reads a log of it must not wait."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopped.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGINT)


def start_watch(arguments: argparse.Namespace, case: UseCase) -> int:
    """`run.py watch` as the command line says."""
    every_s = seconds_of(arguments.every)
    if arguments.metrics_port is not None:
        from switchyard.monitoring.prometheus import start_exporter

        start_exporter(arguments.metrics_port, store_location(case))
    loudness = "--verbose" if arguments.verbose else "--quiet"
    given = ["--config", str(arguments.config), loudness]
    if arguments.data:
        given += ["--data", arguments.data]
    for assignment in arguments.assignments:
        given += ["--set", assignment]
    return Watch(monitoring_command(given), every_s, arguments.times).run()


def monitoring_command(given: Sequence[str]) -> list[str]:
    """The command line of one run; given: its arguments beside the pipeline's name."""
    return [sys.executable, str(ROOT / "run.py"), "--pipeline", "monitoring", *given]


def _last_line(content: bytes) -> str:
    text = content.decode(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
