"""What is kept on disk: states, logs, locks, and where to find them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from stacks.deployers.local import control, locks, logs, states
from stacks.deployers.local.homes import Homes, home
from stacks.deployers.local.logs import Log
from stacks.deployers.local.states import State
from switchyard.errors import PlatformError, RequestError
from tests.deployers.places import Place, get, ok


def state_of(version: int) -> State:
    """The state right after a first deployment of this version."""
    release = {"bento": f"phishing:v{version}", "folder": "f"}
    since = f"2030-01-01T00:00:{version:02}+00:00"
    entry = states.entry(release, since)
    return State("127.0.0.1", 3000, 3000, 1, release, since, history=(entry,))


def test_a_state_comes_back_as_it_was_written(tmp_path: Path) -> None:
    state = state_of(1).after(state_of(2))

    states.write(tmp_path, state)

    assert states.read(tmp_path) == state


def test_a_state_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / states.FILE).write_text('{"host": 1', encoding="utf-8")

    with pytest.raises(PlatformError, match=r"state\.json.*delete it, then deploy again"):
        states.read(tmp_path)


def test_a_write_that_fails_leaves_the_old_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states.write(tmp_path, state_of(1))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PlatformError, match=r"state\.json' cannot be written: No space"):
        states.write(tmp_path, state_of(2))

    assert states.read(tmp_path) == state_of(1)


def test_the_history_forgets_the_oldest() -> None:
    state = state_of(1)
    for version in range(2, 16):
        state = state.after(state_of(version))

    assert [each["release"]["bento"] for each in state.history] == [
        f"phishing:v{version}" for version in range(15, 5, -1)
    ]


def test_a_log_that_grows_is_replaced_and_its_tail_stays_whole(tmp_path: Path) -> None:
    log = Log(tmp_path, max_bytes=100)

    for number in range(20):
        log.write(b"line %02d........\n" % number)

    assert (tmp_path / "service.log").stat().st_size <= 100
    assert logs.tail(tmp_path, 10).splitlines() == [f"line {n:02}........" for n in range(10, 20)]
    assert len(list(tmp_path.iterdir())) == 1 + logs.OLD_FILES


def test_a_full_disk_costs_lines_and_not_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)

    with monkeypatch.context() as patch, Path("/dev/full").open("wb", buffering=0) as full:
        patch.setattr(log, "_file", full)
        log.write(b"lost\n")
    log.write(b"kept\n")

    assert "5 bytes of this log were lost" in logs.tail(tmp_path, 2)
    assert logs.tail(tmp_path, 1) == "kept"


def test_a_busy_deployment_names_who_is_at_it(tmp_path: Path) -> None:
    folder = home(tmp_path, "phishing")
    folder.mkdir(parents=True)

    with (
        locks.held(folder, 0),
        pytest.raises(PlatformError, match=rf"'phishing' .* by process {os.getpid()}"),
        locks.held(folder, 0),
    ):
        pass


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with locks.held(tmp_path, 0):
            inside.set()
            leave.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(10)
    threading.Timer(0.1, leave.set).start()

    with locks.held(tmp_path, 10):
        assert leave.is_set()
    holder.join()


def test_deployments_elsewhere_are_found_by_name(tmp_path: Path) -> None:
    homes = Homes(str(tmp_path / "usual"))
    for place, name in ((tmp_path / "usual", "phishing"), (tmp_path / "other", "wine")):
        folder = home(place, name)
        folder.mkdir(parents=True)
        states.write(folder, state_of(1))
        homes.remember(name, folder)

    assert homes.names() == ["phishing", "wine"]
    assert homes.of("wine") == home(tmp_path / "other", "wine")


def test_a_deployment_that_comes_back_is_found_at_home(tmp_path: Path) -> None:
    homes = Homes(str(tmp_path))
    homes.remember("wine", home(tmp_path / "other", "wine"))

    homes.remember("wine", home(tmp_path, "wine"))

    assert homes.of("wine") == home(tmp_path, "wine")


def test_a_use_case_with_a_state_folder_of_its_own_is_deployed_there(place: Place) -> None:
    place.deploy("v1")
    elsewhere = place.serving.model_copy(update={"state_dir": str(place.folder / "other")})

    with pytest.raises(RequestError, match=r"serving\.state_dir .* stop it first"):
        place.deployments.deploy(place.release("v2"), elsewhere, ok)
    place.deployments.stop("phishing")
    deployed = place.deployments.deploy(place.release("v2"), elsewhere, ok)

    found = place.deployments.current("phishing")
    assert found
    assert get(found.url)["version"] == "v2"
    assert deployed.release == found.release


def test_the_log_has_the_words_of_supervisor_and_service(place: Place) -> None:
    place.deploy("v1")

    words = place.deployments.logs("phishing")

    assert "v1: lifespan.startup" in words
    assert "phishing:v1 answers on port" in words
    assert len(place.deployments.logs("phishing", lines=1).splitlines()) == 1


def test_what_was_never_deployed_is_said_so(place: Place) -> None:
    assert place.deployments.current("wine") is None
    with pytest.raises(RequestError, match=r"'wine' was not deployed .*: nothing yet"):
        place.deployments.logs("wine")


def test_the_history_keeps_the_latest_first(place: Place) -> None:
    place.deploy("v1")
    place.deploy("v2")

    state = states.read(place.home)

    assert state
    assert [each["release"]["model_version"] for each in state.history] == ["v2", "v1"]


def test_nobody_else_may_give_orders(place: Place) -> None:
    place.deploy("v1")

    assert (place.home / "control.sock").stat().st_mode & 0o077 == 0
    assert place.home.stat().st_mode & 0o077 == 0


def test_a_state_folder_with_a_long_path_works(tmp_path: Path) -> None:
    place = Place(tmp_path / ("long-" * 20) / ("path-" * 20))
    try:
        assert place.deploy("v1").healthy
        assert place.deployments.current("phishing")
    finally:
        place.end()


def test_a_supervisor_of_another_version_is_not_misunderstood(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.deploy("v1")
    with monkeypatch.context() as patch:
        patch.setattr(control, "PROTOCOL", 99)

        with pytest.raises(PlatformError, match="another version of this project"):
            place.deployments.current("phishing")
