"""A child of the prepared process is as good as a script that was started afresh."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.prepared import commands

pytestmark = pytest.mark.slow


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., list[str]]:
    """Writes a script; returns the command line that runs it."""

    def write(text: str, *arguments: str) -> list[str]:
        path = tmp_path / "script.py"
        path.write_text(text)
        return [sys.executable, str(path), *arguments]

    return write


Script = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 0),
        ("raise SystemExit(7)", 7),
        ("raise SystemExit('no')", 1),
        ("raise ValueError", 1),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("import os; os.abort()", -signal.SIGABRT),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    ],
)
def test_the_exit_code_is_that_of_a_process(
    script: Script, tmp_path: Path, text: str, code: int
) -> None:
    command = script(text)
    afresh = subprocess.run(command, capture_output=True, text=True)

    forked = commands.run(command, os.environ, tmp_path)

    assert forked.returncode == afresh.returncode == code
    last = [done.stderr.splitlines()[-1:] for done in (forked, afresh)]
    assert last[0] == last[1]


def test_what_a_script_can_see_of_itself_is_the_same(script: Script, tmp_path: Path) -> None:
    text = """if True:
        import atexit, json, os, signal, sys, tempfile, threading
        atexit.register(print, "an error", file=sys.stderr)
        print(json.dumps({
            "argv": sys.argv, "path": sys.path, "main": sys.modules["__main__"].__file__,
            "name": __name__, "folder": os.getcwd(), "temporary": tempfile.gettempdir(),
            "environment": dict(os.environ),
            "signals": [str(signal.getsignal(each)) for each in sorted(signal.valid_signals())],
            "descriptors": len(os.listdir("/proc/self/fd")),
            "threads": threading.active_count(),
            "session": os.getsid(0) == os.getpid(),
            "input": sys.stdin.read(),
        }))
    """
    command = script(text, "an argument", "ä")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    environment |= {k: v for k, v in os.environ.items() if k.startswith(commands.AT_IMPORT)}

    afresh = subprocess.run(
        command,
        env=environment,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    forked = commands.run(command, environment, tmp_path)

    seen, known = json.loads(forked.stdout), json.loads(afresh.stdout)
    # Imports add to these two, here and in whatever else imports the same.
    assert seen["path"][: len(known["path"])] == known.pop("path")
    assert seen["environment"].items() >= known.pop("environment").items()
    assert {name: seen[name] for name in known} == known
    assert forked.stderr == afresh.stderr == "an error\n"


def test_no_two_draw_the_same_at_random(script: Script, tmp_path: Path) -> None:
    command = script("import random, uuid, numpy\nprint(random.random(), numpy.random.rand())")

    drawn = [commands.run(command, os.environ, tmp_path).stdout.split() for _ in range(2)]

    assert len({*drawn[0], *drawn[1]}) == 4


def test_it_starts_processes_of_its_own(script: Script, tmp_path: Path) -> None:
    text = """if True:
        import multiprocessing
        def double(number): return 2 * number
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(2) as pool:
                print(pool.map(double, range(3)))
    """

    done = commands.run(script(text), os.environ, tmp_path)

    assert done.stdout == "[0, 2, 4]\n", done.stderr


def test_a_limit_holds(script: Script, tmp_path: Path) -> None:
    text = "import pathlib; pathlib.Path('file').write_bytes(bytes(2_000))"

    done = commands.run(script(text), os.environ, tmp_path, limits={"RLIMIT_FSIZE": 1_000})

    assert "File too large" in done.stderr


def test_it_can_be_read_signalled_and_waited_for(script: Script, tmp_path: Path) -> None:
    text = """if True:
        import os, sys, time
        print("begun", os.getpid() == os.getsid(0), file=sys.stderr, flush=True)
        time.sleep(600)
    """
    process = commands.start(script(text), os.environ, tmp_path, new_session=True)

    assert process.stderr is not None
    assert next(process.stderr) == "begun True\n"
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == process.poll() == -signal.SIGKILL
    process.send_signal(signal.SIGKILL)  # to nobody


def test_one_that_takes_too_long_is_ended(script: Script, tmp_path: Path) -> None:
    command = script("import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)")

    with pytest.raises(subprocess.TimeoutExpired):
        commands.run(command, os.environ, tmp_path, timeout=2)

    assert gone(int((tmp_path / "pid").read_text()))


def test_what_only_a_start_would_heed_is_refused(script: Script, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="OMP_NUM_THREADS"):
        commands.run(script(""), os.environ | {"OMP_NUM_THREADS": "7"}, tmp_path)


def test_it_ends_with_who_started_it(tmp_path: Path) -> None:
    text = """if True:
        import os, signal, sys
        from tests.prepared.commands import Prepared
        print(Prepared()._process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=commands.ROOT, capture_output=True, text=True
    )

    assert gone(int(done.stdout), within=120)


def gone(pid: int, within: float = 10.0) -> bool:
    """Whether the process ends."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(") ")[1].startswith("Z"):
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False


def test_what_only_a_start_heeds_cannot_be_asked_for(script: Script, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="PYTHONHASHSEED"):
        commands.run(script(""), os.environ | {"PYTHONHASHSEED": "3"}, tmp_path)


def test_a_request_that_is_not_made_leaves_the_others_alone(script: Script, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        commands.run(script("", object()), os.environ, tmp_path)

    assert commands.run(script("print('well')"), os.environ, tmp_path).stdout == "well\n"
