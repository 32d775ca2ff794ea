"""Closed-loop load by wrk: bodies sent in turn over kept connections, and what came of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from switchyard.errors import PlatformError

_SCRIPT = """
local requests, turn = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    requests[#requests + 1] =
      wrk.format("POST", wrk.path, {["Content-Type"] = "application/json"}, line)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\\n{"requests": %d, "seconds": %f, "refused": %d, "broken": %d, "p50": %f, "p99": %f}\\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50.0) / 1e3, latency:percentile(99.0) / 1e3))
end
"""


@dataclass(frozen=True)
class Load:
    """What a server did under load; times in milliseconds.

    requests: those answered with success; refused: the others.
    """

    requests: int
    refused: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Successes a second."""
        return self.requests / self.seconds


def require_wrk() -> str:
    """The path of wrk; PlatformError saying how to install it."""
    found = shutil.which("wrk")
    if found is None:
        raise PlatformError(
            "'wrk' is not installed, and it makes the load; install it with "
            "`apt-get install wrk` (Debian, Ubuntu), `dnf install wrk` or `brew install wrk`"
        )
    return found


def load(
    address: str,
    bodies: Sequence[bytes],
    connections: int,
    seconds: float,
    tolerated: float = 0.1,
) -> Load:
    """Post the bodies, which hold no line breaks, to `address` in turn for so long.

    PlatformError when answers did not come, or more than the share `tolerated` was no success: such
    answers are quick and mean nothing.
    """
    wrk = require_wrk()
    with tempfile.TemporaryDirectory() as folder:
        script, lines = Path(folder) / "post.lua", Path(folder) / "bodies"
        script.write_text(_SCRIPT, encoding="utf-8")
        lines.write_bytes(b"\n".join(bodies))
        command = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        command += ["--latency", "--timeout", "10s", "-s", str(script), address, str(lines)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise PlatformError(f"wrk failed on {address}: {done.stderr or done.stdout}")
    found = json.loads(done.stdout.splitlines()[-1])
    requests, refused = found["requests"], found["refused"]
    if found["broken"] or refused > tolerated * requests or refused == requests:
        raise PlatformError(
            f"of {requests} answers of {address}, {refused} were no success, and "
            f"{found['broken']} did not come; the server's log says why"
        )
    return Load(requests - refused, refused, found["seconds"], found["p50"], found["p99"])
