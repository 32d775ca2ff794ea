"""From a trained champion to a service that answers, to the next version, and back."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import ROOT, SMALL, Finished, Store, copied
from tests.prepared import commands

pytestmark = pytest.mark.slow

BODY = {"instances": [{"url": "paypa1-login.example/verify"}]}
SECOND = (*SMALL, "seed=7", "data.sample.rows=2500")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Place(Store):
    """A store with a home of its own: services, Bentos and state stay inside its folder."""

    port: int = field(default_factory=free_port)

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {
            "HOME": str(self.folder / "home"),
            "BENTOML_HOME": str(self.folder / "bentoml"),
            "SWITCHYARD__SERVING__PORT": str(self.port),
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str) -> Finished:
        """run.py to its end."""
        command = [sys.executable, str(ROOT / "run.py"), *arguments]
        done = commands.run(command, self.environment, self.folder)
        return Finished(done.returncode, done.stdout, done.stderr)

    def deploy(self, *arguments: str) -> Finished:
        return self.run("--pipeline", "deployment", *arguments)

    def version_that_answers(self) -> str:
        answer = httpx.post(f"{self.url}/predict", json=BODY, timeout=120, trust_env=False)
        assert answer.status_code == 200, answer.text
        version: str = answer.json()["model_version"]
        return version


@pytest.fixture
def place(opened: Store, tmp_path: Path) -> Iterator[Place]:
    made = Place(copied(opened, tmp_path))
    (tmp_path / "home").mkdir()
    yield made
    if (tmp_path / "home" / ".local").exists():
        made.run("stop")


class Client:
    """Asks without a pause, on one kept-alive connection and on ever new ones."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/predict"
        self._ended = threading.Event()
        self.versions: dict[bool, list[str]] = {True: [], False: []}
        self.failures: list[str] = []
        self._threads = [
            threading.Thread(target=self._ask, args=(kept,), daemon=True) for kept in (True, False)
        ]

    def __enter__(self) -> Client:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, kept: bool) -> None:
        headers = {} if kept else {"connection": "close"}
        with httpx.Client(trust_env=False, headers=headers, timeout=120) as client:
            while not self._ended.wait(0.01):
                try:
                    answer = client.post(self._url, json=BODY)
                    answer.raise_for_status()
                    self.versions[kept].append(answer.json()["model_version"])
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))


def test_without_a_champion_there_is_nothing_to_deploy(place: Place) -> None:
    done = place.deploy()

    assert done.code == 2
    assert "train one first" in done.err
    assert "Traceback" not in done.err


def test_from_training_to_a_second_version_and_back(place: Place) -> None:
    assert place.train().code == 0

    first = place.deploy()
    assert first.code == 0, first.err
    assert f"version 1 answers at {place.url}" in first.out
    assert "SYNTHETIC SAMPLE" in first.out
    assert place.version_that_answers() == "1"

    command = next(line for line in first.out.splitlines() if line.startswith("try"))
    asked = subprocess.run(
        command.removeprefix("try").strip(), shell=True, capture_output=True, env=os.environ
    )
    assert json.loads(asked.stdout)["predictions"][0]["label"] in ("phishing", "benign")

    assert place.train(settings=SECOND).code in (0, 1)
    _, champion = place.registry()
    with Client(place.url) as client:
        second = place.deploy("--version", "2")
    assert second.code == 0, second.err
    assert client.failures == []
    for versions in client.versions.values():
        assert versions == sorted(versions)
        assert set(versions) == {"1", "2"}

    status = place.run("status")
    assert status.code == 0, status.err
    assert place.url in status.out
    assert ("the champion is version 1, deployed is version 2" in status.out) is (champion == 1)

    with Client(place.url) as client:
        back = place.deploy("--rollback")
    assert back.code == 0, back.err
    assert client.failures == []
    assert place.version_that_answers() == "1"
    assert place.registry() == ([1, 2], 1)

    stopped = place.run("stop")
    assert stopped.code == 0, stopped.err
    with pytest.raises(httpx.ConnectError):
        place.version_that_answers()
    assert "stopped" in place.run("status").out


def test_a_release_that_answers_otherwise_is_refused_and_the_old_one_stays(place: Place) -> None:
    assert place.train().code == 0
    assert place.deploy().code == 0
    smoke = next(place.folder.glob("bentoml/bentos/phishing/v1-*/src/smoke.json"))
    known = json.loads(smoke.read_text())
    known[0]["score"] += 1e-12
    smoke.write_text(json.dumps(known))

    refused = place.deploy()

    assert refused.code == 1
    assert "smoke test: /predict: score of" in refused.err
    assert "Traceback" not in refused.err
    assert place.version_that_answers() == "1"


def test_the_log_of_a_service_can_be_read(place: Place) -> None:
    nothing = place.run("logs")

    assert nothing.code == 2
    assert "'phishing' was not deployed" in nothing.err
