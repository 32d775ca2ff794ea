"""Ten times the load that one worker can carry: who is answered, who is refused, and how soon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.serving_parts.materials import ROOT
from benchmarks.serving_parts.servers import Running, rss_mb
from benchmarks.serving_parts.wrk import load
from switchyard.errors import PlatformError

TIMES = 10
CONNECTIONS = 256


def overload(server: Running, inputs: Sequence[Sequence[str]], seconds: float) -> dict[str, float]:
    """Capacity in requests a second, then what happened at ten times that.

    inputs: the URLs of each request. Memory is what the worker gained after the first quarter of
    the time, in megabytes.
    """
    bodies = [server.server.body(urls) for urls in inputs]
    # Two connections keep it busy; where they are too many already, one does.
    tries = [load(server.address, bodies, n, max(1.0, seconds / 4), tolerated=0.9) for n in (1, 2)]
    capacity = max(each.rate for each in tries)
    worker = server.processes()[0]
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "bodies"
        lines.write_bytes(b"\n".join(bodies))
        command = [sys.executable, "-m", "benchmarks.serving_parts.open_loop", server.address]
        command += [str(lines), f"{TIMES * capacity}", f"{seconds}", str(CONNECTIONS)]
        with Watch(worker) as watch:
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
    if done.returncode:
        raise PlatformError(f"the load could not be made: {done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    answered = found["accepted"] + found["shed"]
    if not answered:
        raise PlatformError(f"nothing was answered under {TIMES}× its load: {found}")
    return {
        "capacity": capacity,
        "sent_per_s": (answered + found["other"] + found["broken"]) / seconds,
        "shed_share": found["shed"] / max(1.0, answered),
        "rss_growth_mb": watch.growth(),
        **found,
    }


class Watch:
    """Follows the resident memory of a process while the `with` block runs."""

    def __init__(self, process: psutil.Process, interval_s: float = 0.1) -> None:
        self._process = process
        self._interval_s = interval_s
        self._seen: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._over.wait(self._interval_s):
            self._seen.append(rss_mb(self._process))

    def growth(self) -> float:
        """What the peak of the last three quarters is above the peak of the first quarter."""
        first = max(1, len(self._seen) // 4)
        early, late = self._seen[:first], self._seen[first:]
        return max(0.0, max(late, default=0.0) - max(early)) if early else 0.0
