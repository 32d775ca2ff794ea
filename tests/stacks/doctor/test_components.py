"""Each component is asked for real, and what is wrong with it is named with its fix."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from stacks.doctor.findings import Finding, Told
from stacks.doctor.patience import patiently
from stacks.doctor.reaching import check_clock
from tests.stacks.doctor.examined import case, examined, mlflow, s3, stack_of
from tests.stacks.servers import Server, free_port

pytestmark = pytest.mark.usefixtures("zenml_store")


def states(findings: list[Finding]) -> list[str]:
    return [each.state for each in findings]


def test_the_store_of_this_machine_is_written_read_and_left_as_it_was() -> None:
    from zenml.client import Client

    (found,) = examined("local", "artifact_store")

    assert found.state == "ok"
    assert not list(Path(Client().active_stack.artifact_store.path).glob(".doctor*"))


def test_a_store_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    place = tmp_path / "a-file"
    place.write_text("no folder")
    component = {"flavor": "local", "configuration": {"path": str(place)}}

    (found,) = examined(stack_of(tmp_path, "closed", artifact_store=component), "artifact_store")

    assert found.state == "wrong"
    assert str(place) in found.told
    assert "writable" in found.fix


def test_an_object_store_keeps_an_object(tmp_path: Path, object_store: Server) -> None:
    name = stack_of(tmp_path, "s3-right", artifact_store=s3(object_store))

    (found,) = examined(name, "artifact_store")

    assert found.state == "ok", found
    assert not [path for path in object_store.folder.rglob(".doctor*") if path.is_file()]


def test_credentials_that_the_object_store_refuses_are_named(
    tmp_path: Path, object_store: Server
) -> None:
    name = stack_of(tmp_path, "s3-wrong", artifact_store=s3(object_store, "wrong"))

    (found,) = examined(name, "artifact_store")

    assert found.state == "wrong"
    assert "SignatureDoesNotMatch" in found.told
    assert "zenml secret" in found.fix
    assert "another-secret" not in found.told


def test_an_object_store_that_is_down_is_told_of_quickly(
    tmp_path: Path, object_store: Server
) -> None:
    down = f"http://127.0.0.1:{free_port()}"
    name = stack_of(tmp_path, "s3-down", artifact_store=s3(object_store, url=down))

    began = time.monotonic()
    (found,) = examined(name, "artifact_store")

    assert time.monotonic() - began < 20
    assert found.state == "wrong"
    assert down in found.told
    assert "refused" in found.told


def test_an_object_store_that_hangs_is_told_of(tmp_path: Path, object_store: Server) -> None:
    name = stack_of(tmp_path, "s3-hangs", artifact_store=s3(object_store))

    os.kill(object_store.process.pid, signal.SIGSTOP)
    try:
        (found,) = examined(name, "artifact_store")
    finally:
        os.kill(object_store.process.pid, signal.SIGCONT)

    assert found.state == "wrong"
    assert "does not answer" in found.told


def test_a_secret_that_is_gone_is_named(tmp_path: Path, object_store: Server) -> None:
    from zenml.client import Client

    Client().create_secret("going", {"key": "x", "secret": "y"})
    name = stack_of(tmp_path, "s3-secret", artifact_store=s3(object_store, "going"))
    Client().delete_secret("going")

    (found,) = examined(name, "artifact_store")

    assert found.state == "wrong"
    assert "going" in found.told
    assert "zenml secret create" in found.fix


def test_a_server_of_mlflow_is_asked_for_its_version_and_experiments(
    tmp_path: Path, mlflow_server: Server
) -> None:
    name = stack_of(tmp_path, "mlflow-up", experiment_tracker=mlflow(mlflow_server.url))

    found = examined(name, "experiment_tracker")

    assert states(found) == ["ok", "ok"], found
    assert "as here" in found[0].told
    assert "1 experiment listed" in found[1].told


def test_a_server_of_mlflow_that_is_down_is_named(tmp_path: Path) -> None:
    down = f"http://127.0.0.1:{free_port()}"

    (found,) = examined(
        stack_of(tmp_path, "mlflow-down", experiment_tracker=mlflow(down)), "experiment_tracker"
    )

    assert found.state == "wrong"
    assert "experiment-tracker update mlflow-down --tracking_uri=URL" in found.fix


def test_mlflows_own_database_is_opened() -> None:
    (found,) = examined("local", "experiment_tracker")

    assert found.state == "ok"
    assert "this machine" in found.told


def registry_of(uri: str) -> dict[str, Any]:
    return {"flavor": "default", "configuration": {"uri": uri}}


def test_an_upload_to_a_registry_is_begun_and_cancelled(tmp_path: Path, registry: Server) -> None:
    host = registry.url.removeprefix("http://")
    name = stack_of(tmp_path, "registry-up", container_registry=registry_of(f"{host}/team"))

    found = examined(name, "container_registry")

    assert states(found) == ["ok", "ok", "note"], found
    assert "upload was begun" in found[1].told
    assert f"{host}/team/switchyard/steps:" in found[2].told
    assert "image build steps" in found[2].fix
    assert not list(registry.folder.rglob("_uploads/*/data"))


def test_a_registry_that_is_down_is_named(tmp_path: Path) -> None:
    host = f"127.0.0.1:{free_port()}"
    name = stack_of(tmp_path, "registry-down", container_registry=registry_of(host))

    (found,) = examined(name, "container_registry")

    assert found.state == "wrong"
    assert host in found.told
    assert "container-registry update registry-down --uri=HOST" in found.fix


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def deployer_of(folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "flavor": "switchyard-local",
        "source": "stacks.deployers.local.flavor.LocalDeployerFlavor",
        "configuration": {"state_dir": str(folder / "state"), **more},
    }


def test_the_folder_and_the_port_of_services_are_tried(tmp_path: Path) -> None:
    name = stack_of(tmp_path, "services", model_deployer=deployer_of(tmp_path))
    wanted = case(port=free_port(), state_dir=str(tmp_path / "state"))

    found = examined(name, "model_deployer", wanted)

    assert states(found) == ["ok", "ok"], found
    assert "is free" in found[1].told
    assert not list((tmp_path / "state").iterdir())


@pytest.mark.parametrize(("search", "state"), [(True, "note"), (False, "wrong")])
def test_a_port_that_is_taken_is_told_with_who_has_it(
    tmp_path: Path, taken: int, search: bool, state: str
) -> None:
    deployer = deployer_of(tmp_path, port_search=search)
    name = stack_of(tmp_path, f"taken-{search}".lower(), model_deployer=deployer)
    wanted = case(port=taken, state_dir=str(tmp_path / "state"))

    found = examined(name, "model_deployer", wanted)[-1]

    assert found.state == state
    assert str(taken) in found.told
    assert str(os.getpid()) in found.told + found.fix


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, ""), (25, ""), (90, "90 s ahead of"), (-600, "600 s behind")]
)
def test_a_clock_that_is_off_is_told(seconds: int, said: str) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)

    found = list(check_clock(Told("x"), "the object store", {"date": date}))

    assert bool(found) is bool(said)
    if found:
        assert found[0].state == "wrong"
        # A second may have passed since, and Date has no fractions.
        assert said.partition(" ")[2] in found[0].told


def test_a_check_that_hangs_is_left_behind() -> None:
    told = Told("x")

    def hanging() -> Iterator[Finding]:
        yield told.ok("first")
        time.sleep(60)

    found = list(patiently(told, hanging, patience_s=0.5))

    assert states(found) == ["ok", "wrong"]
    assert "no answer" in found[1].told


def test_what_a_check_raises_is_raised_where_it_is_waited_for() -> None:
    told = Told("x")

    def failing() -> Iterator[Finding]:
        yield told.ok("first")
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        list(patiently(told, failing))
