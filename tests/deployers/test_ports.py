"""Which port is listened on, and what is said when it is taken."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest

from stacks.deployers.local import ports
from switchyard.errors import PlatformError, RequestError
from tests.deployers.places import Place, get, ok

HOST = "127.0.0.1"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.create_server((HOST, 0)) as other:
        yield int(other.getsockname()[1])


def test_a_taken_port_names_its_holder_and_the_option(taken: int) -> None:
    with pytest.raises(PlatformError, match=rf"serving\.port: port {taken} .*{os.getpid()}"):
        ports.listen(HOST, taken, searched=0)


def test_the_next_free_port_is_taken_when_allowed(taken: int) -> None:
    with ports.listen(HOST, taken, searched=20) as listener:
        bound = int(listener.getsockname()[1])

    assert taken < bound <= taken + 20
    assert str(bound) in ports.note(taken, bound)[0]


def test_a_port_that_becomes_free_is_waited_for() -> None:
    other = socket.create_server((HOST, 0))
    port = int(other.getsockname()[1])
    leaving = threading.Timer(0.1, other.close)
    leaving.start()

    with ports.listen(HOST, port, searched=0, patience_s=10) as listener:
        assert listener.getsockname()[1] == port


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.7"])
def test_a_host_that_is_not_this_machine_is_refused(host: str) -> None:
    with pytest.raises(RequestError, match=r"serving\.host"):
        ports.listen(host, 0, searched=0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:3000"),
        ("0.0.0.0", "http://127.0.0.1:3000"),
        ("::", "http://[::1]:3000"),
        ("box.example", "http://box.example:3000"),
    ],
)
def test_an_address_is_told_as_this_machine_reaches_it(host: str, expected: str) -> None:
    assert ports.url(host, 3000) == expected


def test_a_deployment_on_another_port_says_so(place: Place, taken: int) -> None:
    place.deployments = place.deployer(port_search=True)
    place.serving = place.serving.model_copy(update={"port": taken})

    deployed = place.deploy("v1")

    assert get(deployed.url)["version"] == "v1"
    assert f"port {taken} was taken" in deployed.notes[0]


def test_a_replacement_stays_on_the_port_that_was_found(place: Place, taken: int) -> None:
    place.deployments = place.deployer(port_search=True)
    place.serving = place.serving.model_copy(update={"port": taken})
    url = place.deploy("v1").url

    assert place.deploy("v2").url == url


def test_a_taken_port_fails_a_deployment_that_may_not_search(place: Place, taken: int) -> None:
    place.serving = place.serving.model_copy(update={"port": taken})

    with pytest.raises(PlatformError, match=rf"port {taken} is taken"):
        place.deployments.deploy(place.release("v1"), place.serving, ok)

    assert place.deployments.current("phishing") is None
