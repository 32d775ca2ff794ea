"""A worker that opens its own socket, as it does in a pod."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from switchyard.serving import trials
from tests.deployers.places import Place, free_port, get, until


@contextmanager
def worker(
    folder: Path, *arguments: str, **variables: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Where it answers, and its process."""
    port = free_port()
    command = [sys.executable, "-m", "bento.worker", "--listen", f"127.0.0.1:{port}", *arguments]
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics_of(folder)),
        **variables,
    }
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def metrics_of(folder: Path) -> Path:
    """Where its counts are, which is not there at first."""
    return folder.parent / f"{folder.name}-metrics" / "deep"


def answers(url: str) -> bool:
    with suppress(OSError):
        return bool(get(url)["version"])
    return False


def test_sigterm_lets_kept_connections_send_one_more_request(place: Place) -> None:
    folder = Path(place.release("v1").folder)
    with worker(folder) as (url, process):
        until(lambda: answers(url))
        assert metrics_of(folder).is_dir()
        kept = http.client.HTTPConnection(url.removeprefix("http://"), timeout=120)
        kept.request("GET", "/predict")
        kept.getresponse().read()

        process.send_signal(signal.SIGTERM)
        until(lambda: not answers(url))
        kept.request("GET", "/predict")
        answer = kept.getresponse()

        assert answer.status == 200
        assert answer.getheader("connection") == "close"
        assert process.wait(timeout=120) == 0


def test_sigterm_while_it_starts_ends_it(place: Place) -> None:
    with worker(Path(place.release("v1").folder)) as (_, process):
        until(lambda: handles_sigterm(process.pid))

        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=120) in (0, 128 + signal.SIGTERM)


def handles_sigterm(pid: int) -> bool:
    """Whether the process has a handler: the first one of a container is not ended without."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    [caught] = [line.split()[1] for line in lines if line.startswith("SigCgt")]
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("arguments", [("--trial",), ()])
def test_a_worker_on_trial_says_so_to_the_application(
    place: Place, arguments: tuple[str, ...]
) -> None:
    folder = Path(place.release("v1", "phishing", "say-trial").folder)
    with worker(folder, *arguments) as (url, _):
        until(lambda: answers(url))

        assert get(url)["on_trial"] is bool(arguments)


def told(url: str, word: str) -> int:
    """The status when a word is said that may end a trial."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=120)
    with closing(connection):
        connection.request("POST", trials.PATH, headers={"authorization": f"Bearer {word}"})
        return connection.getresponse().status


def test_its_word_ends_a_trial_and_no_other(place: Place) -> None:
    folder = Path(place.release("v1", "phishing", "say-trial").folder)
    word = trials.new_word()
    variables = {
        trials.DIGEST: trials.digest_of(word),
        trials.KEPT: str(place.folder / "passed"),
    }
    with worker(folder, "--trial", **variables) as (url, _):
        until(lambda: answers(url))

        for wrong in ("", trials.new_word(), trials.digest_of(word), "\xe4"):
            assert told(url, wrong) == 404
        assert get(url)["on_trial"] is True
        assert (told(url, word), get(url)["on_trial"]) == (204, False)
        assert told(url, word) == 204

    # A container that is started again goes on where it was; another pod has not passed.
    with worker(folder, "--trial", **variables) as (url, _):
        until(lambda: answers(url))
        assert get(url)["on_trial"] is False
    other = {trials.DIGEST: trials.digest_of(trials.new_word())}
    with worker(folder, "--trial", **variables | other) as (url, _):
        until(lambda: answers(url))
        assert get(url)["on_trial"] is True


def test_a_trial_whose_end_cannot_be_kept_goes_on(place: Place) -> None:
    folder = Path(place.release("v1", "phishing", "say-trial").folder)
    word = trials.new_word()
    variables = {
        trials.DIGEST: trials.digest_of(word),
        trials.KEPT: str(place.folder / "nowhere" / "passed"),
    }
    with worker(folder, "--trial", **variables) as (url, _):
        until(lambda: answers(url))

        assert (told(url, word), get(url)["on_trial"]) == (503, True)
