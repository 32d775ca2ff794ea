"""Crashes, kills, stops: what comes back by itself, and what a person can bring back."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from switchyard.configuration.loop import Guard
from switchyard.guarding.watching import watch
from switchyard.monitoring.records import MonitoringStore
from switchyard.serving.releases import Deployment
from tests.deployers.places import Place, alive, free_port, get, ok, until


def kill_supervisor(place: Place) -> tuple[int, int]:
    """Kill it so that it cannot say goodbye; its pid and that of its worker."""
    deployed = place.deployments.current("phishing")
    assert deployed
    assert deployed.pid
    worker = int(get(deployed.url)["pid"])
    os.kill(deployed.pid, signal.SIGKILL)
    until(lambda: not alive(worker))
    return deployed.pid, worker


def test_a_crashed_worker_is_replaced_and_counted(place: Place) -> None:
    url = place.deploy("v1").url
    first = get(url)["pid"]

    with pytest.raises((OSError, http.client.HTTPException)):
        get(url, "/crash")

    # A connection that comes meanwhile waits; it is neither refused nor lost.
    assert get(url)["pid"] != first
    deployed = place.deployments.current("phishing")
    assert deployed
    assert deployed.restarts == 1
    assert deployed.healthy


def test_a_worker_that_keeps_crashing_is_tried_at_growing_intervals(place: Place) -> None:
    url = place.deploy("v1").url
    place.release("v1", "phishing", "broken")

    with pytest.raises((OSError, http.client.HTTPException)):
        get(url, "/crash")

    until(lambda: "again in 2 s" in place.deployments.logs("phishing"))
    deployed = place.deployments.current("phishing")
    assert deployed
    assert not deployed.healthy
    assert deployed.restarts == 2


def test_the_guard_takes_back_one_that_keeps_crashing(place: Place, tmp_path: Path) -> None:
    place.deploy("v1")
    url = place.deploy("v2").url
    store = MonitoringStore(str(tmp_path / "monitoring"))
    place.release("v2", "phishing", "broken")
    with pytest.raises((OSError, http.client.HTTPException)):
        get(url, "/crash")

    verdict = watch(place.deployments.current("phishing"), store, Guard(), datetime.now(UTC))
    back = place.deployments.rollback("phishing", place.serving, ok)

    assert verdict.failed == ("it has not answered for 60 s",)
    assert verdict.roll_back
    assert get(back.url)["version"] == "v1"


def test_a_deployment_replaces_one_that_keeps_crashing(place: Place) -> None:
    url = place.deploy("v1").url
    place.release("v1", "phishing", "broken")
    with pytest.raises((OSError, http.client.HTTPException)):
        get(url, "/crash")

    deployed = place.deploy("v2")

    assert get(url)["version"] == "v2"
    assert deployed.restarts == 0


def test_workers_end_with_a_killed_supervisor_and_the_wish_stays(place: Place) -> None:
    place.deploy("v1")

    kill_supervisor(place)

    found = place.deployments.current("phishing")
    assert found
    assert (found.healthy, found.pid, found.release.model_version) == (False, None, "v1")
    assert not found.supervised


def test_what_a_killed_supervisor_ran_can_be_started_again(place: Place) -> None:
    url = place.deploy("v1").url
    kill_supervisor(place)

    started = place.deployments.start("phishing")

    assert started.url == url
    assert started.healthy
    assert get(url)["version"] == "v1"


def test_a_port_that_an_orphan_still_holds_is_waited_for(place: Place) -> None:
    deployed = place.deploy("v1")
    worker = int(get(deployed.url)["pid"])
    os.kill(worker, signal.SIGSTOP)  # too busy to see that it is an orphan
    os.kill(deployed.pid or 0, signal.SIGKILL)
    relief = threading.Timer(0.5, os.kill, (worker, signal.SIGCONT))
    relief.start()

    started = place.deployments.start("phishing")

    assert started.url == deployed.url
    assert get(started.url)["pid"] != worker


def test_a_deployment_after_a_kill_brings_the_old_release_back_first(place: Place) -> None:
    url = place.deploy("v1").url
    kill_supervisor(place)
    seen = []

    def smoke(private: str) -> None:
        seen.append(get(url)["version"])

    deployed = place.deployments.deploy(place.release("v2"), place.serving, smoke)

    assert seen == ["v1"]
    assert get(url)["version"] == "v2"
    assert deployed.previous == place.release("v1")


def test_a_deployment_after_a_kill_does_not_need_the_old_release(place: Place) -> None:
    place.deploy("v1")
    kill_supervisor(place)
    place.release("v1", "phishing", "broken")

    deployed = place.deploy("v2")

    assert get(deployed.url)["version"] == "v2"
    assert deployed.previous == place.release("v1")


def test_a_killed_worker_is_not_missed_by_clients_that_wait(place: Place) -> None:
    url = place.deploy("v1").url
    os.kill(get(url)["pid"], signal.SIGKILL)

    assert get(url)["version"] == "v1"


def test_stopping_ends_all_processes_and_frees_the_port(place: Place) -> None:
    deployed = place.deploy("v1")
    pid, worker = deployed.pid, get(deployed.url)["pid"]
    assert pid

    assert place.deployments.stop("phishing") is True

    assert not alive(worker)
    until(lambda: not alive(pid))
    socket.create_server(("127.0.0.1", place.serving.port)).close()
    assert place.deployments.current("phishing") is None
    assert place.deployments.all() == []


def test_stopping_answers_what_is_in_flight(place: Place) -> None:
    url = place.deploy("v1").url
    asked = http.client.HTTPConnection(url.removeprefix("http://"), timeout=120)
    asked.request("GET", "/hold")
    stopping = threading.Thread(target=place.deployments.stop, args=("phishing",))
    stopping.start()
    until(lambda: refused(url))

    Path(place.release("v1").folder, "go").touch()

    assert json.loads(asked.getresponse().read())["version"] == "v1"
    stopping.join(timeout=120)


def test_stopping_twice_says_that_nothing_ran(place: Place) -> None:
    place.deploy("v1")
    place.deployments.stop("phishing")

    assert place.deployments.stop("phishing") is False
    assert place.deployments.stop("wine") is False


def test_stopping_after_a_kill_ends_the_wish(place: Place) -> None:
    place.deploy("v1")
    kill_supervisor(place)

    assert place.deployments.stop("phishing") is True

    assert place.deployments.current("phishing") is None


def test_a_stopped_deployment_is_known_and_starts_again(place: Place) -> None:
    url = place.deploy("v1").url
    place.deployments.stop("phishing")
    assert [each.stopped for each in place.deployments.all(stopped=True)] == [True]

    started = place.deployments.start("phishing")

    assert (started.stopped, started.healthy) == (False, True)
    assert get(url)["version"] == "v1"


def test_starting_what_runs_changes_nothing(place: Place) -> None:
    url = place.deploy("v1").url
    pid = get(url)["pid"]

    place.deployments.start("phishing")

    assert get(url)["pid"] == pid


def test_a_supervisor_that_is_asked_to_end_leaves_the_wish(place: Place) -> None:
    deployed = place.deploy("v1")

    pid = deployed.pid
    assert pid

    os.kill(pid, signal.SIGTERM)  # as when the machine shuts down

    until(lambda: not alive(pid))
    assert place.deployments.start("phishing").healthy


def test_a_rollback_works_from_a_stopped_deployment(place: Place) -> None:
    place.deploy("v1")
    place.deploy("v2")
    place.deployments.stop("phishing")

    deployed = place.deployments.rollback("phishing", place.serving, ok)

    assert get(deployed.url)["version"] == "v1"


def test_two_use_cases_live_side_by_side(place: Place) -> None:
    place.deploy("v1")
    other = place.serving.model_copy(update={"port": free_port()})

    wine = place.deployments.deploy(place.release("w1", "wine"), other, ok)

    found: list[Deployment] = place.deployments.all()
    assert [each.release.name for each in found] == ["phishing", "wine"]
    assert get(wine.url)["version"] == "w1"


def refused(url: str) -> bool:
    """Whether nobody listens there any more."""
    try:
        get(url)
    except ConnectionRefusedError:
        return True
    except (OSError, http.client.HTTPException):
        return False
    return False
