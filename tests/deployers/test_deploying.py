"""Deploying, replacing and going back, with the eyes of clients."""

from __future__ import annotations

import http.client
import importlib.util
import os
import socket
import subprocess
import sys
import textwrap
import threading
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from switchyard.errors import GateRefused, PlatformError, RequestError
from tests.deployers.load import Load
from tests.deployers.places import Place, alive, free_port, get, ok, until

ROOT = Path(__file__).resolve().parents[2]


def refuse(url: str) -> None:
    """A smoke test that no service passes."""
    raise GateRefused("a score differs")


def test_a_first_deployment_answers_at_its_port(place: Place) -> None:
    deployed = place.deploy("v1")

    assert deployed.url == f"http://127.0.0.1:{place.serving.port}"
    assert get(deployed.url)["version"] == "v1"
    assert deployed.healthy
    assert deployed.pid
    assert deployed.previous is None


def test_a_replacement_answers_as_soon_as_deploy_returns(place: Place) -> None:
    place.deploy("v1")

    deployed = place.deploy("v2")

    assert get(deployed.url)["version"] == "v2"
    assert deployed.previous == place.release("v1")


@pytest.mark.slow
def test_no_request_fails_while_releases_replace_each_other(place: Place) -> None:
    url = place.deploy("v1").url

    with Load(url) as clients:
        for version in ("v2", "v3", "v4"):
            place.deploy(version)
            before = len(clients.versions)
            until(partial(clients.more_than, before + 20))

    assert clients.errors == []
    assert {"v1", "v2", "v3", "v4"} == set(clients.versions)
    assert clients.closed >= 3  # the kept connections were asked to move on


def test_a_request_in_flight_is_answered_by_the_release_that_took_it(place: Place) -> None:
    url = place.deploy("v1").url
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(get(url, "/hold")["version"]))
    asking.start()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    connection.request("GET", "/predict")
    assert connection.getresponse().read()

    place.deploy("v2")
    Path(place.release("v1").folder, "go").touch()
    asking.join(timeout=120)

    assert answers == ["v1"]


def test_the_candidate_is_tried_while_the_old_release_has_the_traffic(place: Place) -> None:
    url = place.deploy("v1").url
    seen = []

    def smoke(private: str) -> None:
        seen.append((get(private)["version"], get(url)["version"]))

    place.deployments.deploy(place.release("v2"), place.serving, smoke)

    assert seen == [("v2", "v1")]


def test_a_refused_candidate_leaves_the_old_release_and_no_process(place: Place) -> None:
    url = place.deploy("v1").url
    pids: list[int] = []

    def smoke(private: str) -> None:
        pids.append(get(private)["pid"])
        refuse(private)

    with pytest.raises(GateRefused, match="a score differs"):
        place.deployments.deploy(place.release("v2"), place.serving, smoke)

    assert get(url)["version"] == "v1"
    found = place.deployments.current("phishing")
    assert found
    assert found.release.model_version == "v1"
    assert not alive(pids[0])


def test_a_refused_first_candidate_leaves_nothing(place: Place) -> None:
    with pytest.raises(GateRefused):
        place.deployments.deploy(place.release("v1"), place.serving, refuse)

    assert place.deployments.current("phishing") is None
    socket.create_server(("127.0.0.1", place.serving.port)).close()


def test_a_release_that_does_not_start_is_named_with_its_last_words(place: Place) -> None:
    url = place.deploy("v1").url

    with pytest.raises(PlatformError, match=r"phishing:v2.*this release is broken.*service\.log"):
        place.deploy("v2", "broken")

    assert get(url)["version"] == "v1"


def test_a_release_that_is_never_ready_is_given_up(place: Place) -> None:
    place.deployments = place.deployer(ready_timeout_s=0.5)

    with pytest.raises(PlatformError, match=r"not ready after 0\.5 s"):
        place.deploy("v1", "unready")


def test_a_release_whose_folder_is_gone_is_refused(place: Place) -> None:
    release = place.release("v1").model_copy(update={"folder": str(place.folder / "gone")})

    with pytest.raises(RequestError, match=r"'phishing:v1' has no service in .*gone"):
        place.deployments.deploy(release, place.serving, lambda url: None)


def test_a_client_that_dies_before_the_switch_leaves_no_candidate(place: Place) -> None:
    url = place.deploy("v1").url
    release = place.release("v2")
    program = f"""
        import sys
        from stacks.deployers.local.deployments import Deployments
        from stacks.deployers.local.options import Options
        from switchyard.serving.releases import Release
        from switchyard.configuration.serving import Serving

        def smoke(url):
            print(url, flush=True)
            sys.stdin.read()

        Deployments(Options(state_dir={str(place.state)!r})).deploy(
            Release.model_validate_json({release.model_dump_json()!r}),
            Serving.model_validate_json({place.serving.model_dump_json()!r}),
            smoke,
        )
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout
        private = client.stdout.readline().strip()
        pid = get(private)["pid"]

        client.kill()

        until(lambda: not alive(pid))
    assert get(url)["version"] == "v1"
    assert place.deploy("v3").release.model_version == "v3"  # and nobody is locked out


def test_a_second_deployer_is_told_who_is_at_it(place: Place) -> None:
    said = []

    def smoke(url: str) -> None:
        hasty = place.deployer(busy_timeout_s=0)
        with pytest.raises(PlatformError) as caught:
            hasty.deploy(place.release("v2"), place.serving, ok)
        said.append(str(caught.value))

    place.deployments.deploy(place.release("v1"), place.serving, smoke)

    assert f"'phishing' is being deployed by process {os.getpid()}" in said[0]


def test_a_switch_that_cannot_be_recorded_changes_nothing(place: Place) -> None:
    url = place.deploy("v1").url
    (place.home / ".state.json").mkdir()  # where the next state is to be written

    with pytest.raises(PlatformError, match="nothing has changed"):
        place.deploy("v2")

    (place.home / ".state.json").rmdir()
    until(lambda: get(url)["version"] == "v1")
    found = place.deployments.current("phishing")
    assert found
    assert found.release == place.release("v1")


def test_a_rollback_tries_and_deploys_the_release_before(place: Place) -> None:
    place.deploy("v1")
    url = place.deploy("v2").url
    tried = []

    deployed = place.deployments.rollback(
        "phishing", place.serving, lambda private: tried.append(get(private)["version"])
    )

    assert tried == ["v1"]
    assert get(url)["version"] == "v1"
    assert deployed.previous == place.release("v2")


def test_a_rollback_without_a_release_before_is_refused(place: Place) -> None:
    place.deploy("v1")

    with pytest.raises(RequestError, match="no release before phishing:v1"):
        place.deployments.rollback("phishing", place.serving, lambda url: None)


def test_the_same_release_again_keeps_what_a_rollback_goes_back_to(place: Place) -> None:
    place.deploy("v1")
    place.deploy("v2")

    assert place.deploy("v2").previous == place.release("v1")


def test_another_port_is_moved_to(place: Place) -> None:
    old = place.deploy("v1").url
    place.serving = place.serving.model_copy(update={"port": free_port()})

    deployed = place.deploy("v2")

    assert deployed.url == f"http://127.0.0.1:{place.serving.port}"
    assert get(deployed.url)["version"] == "v2"
    with pytest.raises(ConnectionRefusedError):
        get(old)


def test_several_workers_share_the_port_and_their_counters(place: Place) -> None:
    place.serving = place.serving.model_copy(update={"workers": 2})

    url = place.deploy("v1").url

    answers: dict[int, str] = {}

    def both() -> bool:
        answer = get(url)
        answers[answer["pid"]] = answer["PROMETHEUS_MULTIPROC_DIR"]
        return len(answers) == 2

    until(both)
    assert len(set(answers.values())) == 1


def test_each_release_counts_anew(place: Place) -> None:
    url = place.deploy("v1").url
    first = get(url)["PROMETHEUS_MULTIPROC_DIR"]

    place.deploy("v2")

    assert get(url)["PROMETHEUS_MULTIPROC_DIR"] != first
    until(lambda: not Path(first).exists())


def test_a_service_gets_the_environment_of_who_deploys_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLD", "before")
    place.deploy("v1")
    monkeypatch.setenv("TOLD", "now")

    url = place.deploy("v2").url

    assert get(url)["TOLD"] == "now"
    assert "now" not in (place.home / "state.json").read_text(encoding="utf-8")


def test_the_client_side_needs_no_zenml() -> None:
    assert importlib.util.find_spec("zenml") is not None
    code = (
        "import sys, stacks.deployers.local.deployments as _\n"
        "print(sorted({'zenml', 'bentoml', 'mlflow', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_rollback_that_waited_goes_back_from_what_was_deployed_meanwhile(place: Place) -> None:
    for version in ("v1", "v2"):
        place.deploy(version)
    smoking, go_on = threading.Event(), threading.Event()

    def hold(url: str) -> None:
        ok(url)
        smoking.set()
        assert go_on.wait(30)

    third = place.release("v3")
    deploying = threading.Thread(
        target=lambda: place.deployments.deploy(third, place.serving, hold)
    )
    deploying.start()
    assert smoking.wait(30)
    back: list[str] = []
    going_back = threading.Thread(
        target=lambda: back.append(
            place.deployments.rollback("phishing", place.serving, ok).release.model_version
        )
    )
    going_back.start()
    go_on.set()
    for thread in (deploying, going_back):
        thread.join(30)

    assert back == ["v2"]


def test_one_of_several_workers_that_fails_says_why_and_leaves_no_port(place: Place) -> None:
    serving = place.serving.model_copy(update={"workers": 2})
    failing = place.release("v1", "phishing", "first-worker-breaks")

    with pytest.raises(PlatformError, match="does not start: the service ended with code"):
        place.deployments.deploy(failing, serving, ok)

    with socket.create_server(("127.0.0.1", serving.port)):
        pass  # nobody holds it


def test_a_lock_that_cannot_be_written_is_named(place: Place) -> None:
    place.deploy("v1")
    lock = place.home / "deploy.lock"
    lock.unlink()
    lock.mkdir()

    with pytest.raises(PlatformError, match=r"deploy\.lock' cannot be written"):
        place.deploy("v2")
    lock.rmdir()
