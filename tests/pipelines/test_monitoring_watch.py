"""`run.py watch`: again and again, one at a time, until it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.watching import Watch, monitoring_command, seconds_of
from switchyard.errors import RequestError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("1.5h", 5_400), ("1d", 86_400)]
)
def test_intervals_are_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "15", "m", "-5m", "0s", "5 weeks", "1000000d", "9" * 400 + "d"]
)
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="--every"):
        seconds_of(text)


def script(*lines: str) -> list[str]:
    return [sys.executable, "-c", "\n".join(lines)]


def test_it_runs_so_often_and_says_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    code = Watch(script("print('first'); print('the outcome')"), 0.01, times=3).run()

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert len(lines) == 3
    assert all(line.endswith("the outcome") and "exit 0" in line for line in lines)


def test_a_run_that_fails_does_not_end_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    counter = tmp_path / "runs"
    failing = script(
        "import pathlib, sys",
        f"file = pathlib.Path({str(counter)!r})",
        "runs = len(file.read_text()) if file.exists() else 0",
        "file.write_text('x' * (runs + 1))",
        "sys.exit('the store is gone') if runs == 0 else print('well again')",
    )

    code = Watch(failing, 0.01, times=2).run()

    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("the store is gone")
    assert second.endswith("well again")
    assert code == 1


def test_a_crash_is_a_failure_of_the_platform() -> None:
    assert Watch(script("import os; os.kill(os.getpid(), 9)"), 0.01, times=1).run() == 3


def test_what_is_not_utf8_does_not_end_it(capsys: pytest.CaptureFixture[str]) -> None:
    code = Watch(script(r"import sys; sys.stdout.buffer.write(b'caf\xe9')"), 0.01, times=2).run()

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [line.endswith("caf\ufffd") for line in lines] == [True, True]


def test_a_run_is_the_command_itself() -> None:
    command = monitoring_command(["--quiet"])

    assert command[1:] == [str(ROOT / "run.py"), "--pipeline", "monitoring", "--quiet"]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_and_passes_it_on(how: signal.Signals, tmp_path: Path) -> None:
    marker = tmp_path / "stopped"
    child = (
        "import pathlib, time\n"
        "try:\n"
        f"    pathlib.Path({str(tmp_path / 'up')!r}).touch()\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        f"    pathlib.Path({str(marker)!r}).touch()\n"
    )
    program = (
        "import sys\n"
        "from pipelines.watching import Watch\n"
        f"sys.exit(Watch([sys.executable, '-c', {child!r}], 600.0).run())\n"
    )
    watching = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True
    )
    try:
        while not (tmp_path / "up").exists():
            assert watching.poll() is None
            time.sleep(0.01)
        watching.send_signal(how)
        out, _ = watching.communicate(timeout=180)
    finally:
        watching.kill()

    assert watching.returncode == 0
    assert "watch: stopped" in out
    assert marker.exists()


@pytest.mark.slow
def test_a_run_that_does_not_stop_is_killed_with_what_it_started(tmp_path: Path) -> None:
    up = tmp_path / "up"
    child = (
        "import os, pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "started = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(tmp_path / 'draft')!r}).write_text(str(started.pid))\n"
        f"os.rename({str(tmp_path / 'draft')!r}, {str(up)!r})\n"
        "time.sleep(600)\n"
    )
    program = (
        "import sys\n"
        "from pipelines import watching\n"
        "watching.STOP_S = 0.0\n"
        f"sys.exit(watching.Watch([sys.executable, '-c', {child!r}], 600.0).run())\n"
    )
    watching = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=os.environ)
    try:
        while not up.exists():
            assert watching.poll() is None
            time.sleep(0.01)
        watching.send_signal(signal.SIGTERM)
        watching.wait(timeout=180)
        limit = time.monotonic() + 60
        while is_running(int(up.read_text())):
            assert time.monotonic() < limit
            time.sleep(0.01)
    finally:
        watching.kill()

    assert watching.returncode == 0


def is_running(pid: int) -> bool:
    """Whether a process is there that has not ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
