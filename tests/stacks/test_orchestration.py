"""Where the active stack runs a pipeline, and what it is told for that."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from zenml.enums import StackComponentType, StepRuntime

from stacks import orchestration
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from tests.conftest import ROOT

IMAGE = "127.0.0.1:5000/switchyard/steps:1"


@pytest.fixture(scope="module")
def case() -> UseCase:
    return resolve(ROOT / "configs" / "phishing.yaml").use_case


def on(monkeypatch: pytest.MonkeyPatch, flavour: str, serving: str = "") -> None:
    """Let the active stack have an orchestrator of a flavour; serving: the deployer's image."""
    component = SimpleNamespace(flavor_name=flavour, configuration={})
    deployer = SimpleNamespace(
        flavor_name="switchyard-kubernetes", configuration={"image": serving}
    )
    components = {
        StackComponentType.ORCHESTRATOR: [component],
        StackComponentType.MODEL_DEPLOYER: [deployer],
    }
    stack = SimpleNamespace(name="mine", components=components)
    monkeypatch.setattr(orchestration, "Client", lambda: SimpleNamespace(active_stack_model=stack))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Images that were asked for; the registry has all."""
    asked: list[str] = []

    def ensure(name: str, registry: str, tell: Any) -> str:
        asked.append(f"{registry}/{name}")
        return IMAGE

    monkeypatch.setattr(orchestration, "ensure", ensure)
    monkeypatch.setattr(orchestration, "stack_registry", lambda: "127.0.0.1:5000")
    monkeypatch.setattr(orchestration, "digest_of", lambda image: "sha256:1")
    return asked


def test_on_this_machine_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, case: UseCase, made: list[str]
) -> None:
    on(monkeypatch, "local")

    assert orchestration.options(case, print) == {}
    assert orchestration.of_step(case, "train_candidate") == {}
    assert made == []


def test_an_image_makes_no_sense_without_pods(
    monkeypatch: pytest.MonkeyPatch, case: UseCase
) -> None:
    on(monkeypatch, "local")
    with pytest.raises(RequestError, match="--image: stack 'mine' runs no pods"):
        orchestration.options(case, print, image=IMAGE)


def test_in_pods_the_image_of_todays_code_runs_and_no_other_code(
    monkeypatch: pytest.MonkeyPatch, case: UseCase, made: list[str]
) -> None:
    on(monkeypatch, "kubernetes")

    docker = orchestration.options(case, print)["settings"]["docker"]

    assert made == ["127.0.0.1:5000/steps"]
    assert docker["parent_image"] == IMAGE
    assert docker["skip_build"]
    assert not docker["allow_download_from_artifact_store"]


def test_a_prebuilt_image_is_taken_and_none_is_made(
    monkeypatch: pytest.MonkeyPatch, case: UseCase, made: list[str]
) -> None:
    on(monkeypatch, "kubernetes")
    other = f"{IMAGE}-other"

    settings = orchestration.options(case, print, image=other)["settings"]

    assert (settings["docker"]["parent_image"], made) == (other, [])


def test_what_deploys_finds_the_image_of_services_made(
    monkeypatch: pytest.MonkeyPatch, case: UseCase, made: list[str]
) -> None:
    on(monkeypatch, "kubernetes")

    orchestration.options(case, print, deploys=True)

    assert made == ["127.0.0.1:5000/serving", "127.0.0.1:5000/steps"]


def test_a_deployer_that_has_an_image_of_its_own_gets_no_other(
    monkeypatch: pytest.MonkeyPatch, case: UseCase, made: list[str]
) -> None:
    on(monkeypatch, "kubernetes", serving="registry.example.com/services:1")

    orchestration.options(case, print, deploys=True)

    assert made == ["127.0.0.1:5000/steps"]


def test_a_prebuilt_image_that_is_nowhere_is_refused(
    monkeypatch: pytest.MonkeyPatch, case: UseCase, made: list[str]
) -> None:
    on(monkeypatch, "kubernetes")
    monkeypatch.setattr(orchestration, "digest_of", lambda image: None)
    with pytest.raises(RequestError, match=r"--image: '.*' is not in its registry"):
        orchestration.options(case, print, image=IMAGE)


def test_large_steps_have_pods_of_their_own_and_small_ones_none(
    monkeypatch: pytest.MonkeyPatch, case: UseCase
) -> None:
    on(monkeypatch, "kubernetes")

    assert orchestration.of_step(case, "train_candidate")["runtime"] == StepRuntime.ISOLATED
    assert orchestration.of_step(case, "split_data") == {}


def test_a_pod_that_is_told_to_go_goes_at_once_and_raises_nothing() -> None:
    program = (
        "import signal, sys, time\n"
        "from stacks import orchestration\n"
        "orchestration.has_pods = lambda: True\n"
        "orchestration.leave_when_told()\n"
        "print('ready', flush=True)\n"
        "try:\n"
        "    time.sleep(60)\n"
        "except BaseException:\n"
        "    sys.exit(1)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGTERM)

    assert child.wait(20) == orchestration.TOLD_TO_GO
