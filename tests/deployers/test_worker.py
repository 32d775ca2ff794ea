"""A worker process by itself: late heads, draining, the end of its supervisor."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.deployers.places import Place, get

HEAD = b"GET /predict HTTP/1.1\r\nhost: x\r\n"


class Worker:
    """A worker with a public socket; controlled unless it is to serve at once."""

    def __init__(self, folder: Path, *arguments: str, controlled: bool = True) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self.control, theirs = socket.socketpair()
        self.control.settimeout(120)
        command = [sys.executable, "-m", "bento.worker", "--fd", str(self.listener.fileno())]
        if controlled:
            command += ["--control-fd", str(theirs.fileno())]
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(folder),
                "PROMETHEUS_MULTIPROC_DIR": str(folder),
            },
            pass_fds=(self.listener.fileno(), theirs.fileno()),
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        self._news = self.control.makefile("rb")

    def news(self) -> Any:
        """The next it tells."""
        return json.loads(self._news.readline())

    def order(self, **order: Any) -> None:
        self.control.sendall(json.dumps(order).encode() + b"\n")

    def accept(self) -> None:
        assert self.news()["event"] == "listening"
        self.order(do="accept")
        assert self.news()["event"] == "accepting"

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=120)

    def client(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.address[1], timeout=120)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for each in (self._news, self.control, self.listener):
            each.close()


def ask(connection: socket.socket) -> None:
    """One whole request and its answer."""
    connection.sendall(HEAD + b"\r\n")
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(1000)
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.fixture
def worker(place: Place) -> Iterator[Worker]:
    """One that gives a request's head 0.3 s to arrive, and accepts."""
    found = Worker(Path(place.release("v1").folder), "--head-timeout", "0.3")
    found.accept()
    yield found
    found.end()


def test_a_private_port_answers_before_the_public_one(place: Place) -> None:
    worker = Worker(Path(place.release("v1").folder))
    try:
        port = worker.news()["port"]
        with worker.connect() as early:
            early.sendall(HEAD + b"\r\n")
            assert get(f"http://127.0.0.1:{port}")["version"] == "v1"
            early.settimeout(0.05)
            with pytest.raises(TimeoutError):
                early.recv(1)

            worker.order(do="accept")

            early.settimeout(120)
            assert early.recv(100).startswith(b"HTTP/1.1 200")
    finally:
        worker.end()


def test_a_head_that_is_sent_byte_by_byte_is_cut_off(worker: Worker) -> None:
    with worker.connect() as slow:
        slow.settimeout(0.02)
        answer = b""
        for byte in HEAD * 20:
            try:
                slow.send(bytes([byte]))
                answer = slow.recv(100)
                break
            except TimeoutError:
                continue

    assert answer.startswith(b"HTTP/1.1 408")


def test_a_connection_that_says_nothing_is_closed(worker: Worker) -> None:
    with worker.connect() as silent:
        assert silent.recv(1) == b""


def test_the_second_head_of_a_connection_is_bound_too(worker: Worker) -> None:
    with worker.connect() as slow:
        ask(slow)

        slow.sendall(HEAD)

        assert slow.recv(1000).startswith(b"HTTP/1.1 408")


def test_line_ends_do_not_keep_a_connection_open(worker: Worker) -> None:
    with worker.connect() as slow:
        ask(slow)

        slow.sendall(b"\r\n")

        assert slow.recv(1000).startswith(b"HTTP/1.1 408")


def test_a_head_without_bounds_is_refused(worker: Worker) -> None:
    with worker.connect() as large:
        large.sendall(HEAD + b"x: " + b"y" * 66_000)

        assert large.recv(100).startswith(b"HTTP/1.1 431")


def test_a_request_may_take_longer_than_its_head(worker: Worker, place: Place) -> None:
    with worker.connect() as patient:
        patient.sendall(HEAD.replace(b"/predict", b"/hold") + b"\r\n")
        with worker.connect() as silent:
            assert silent.recv(1) == b""  # by now a head would have been late

        Path(place.release("v1").folder, "go").touch()

        assert patient.recv(100).startswith(b"HTTP/1.1 200")


def test_draining_answers_kept_connections_once_more_and_then_exits(worker: Worker) -> None:
    kept = worker.client()
    kept.request("GET", "/predict")
    first = kept.getresponse()
    first.read()
    assert first.getheader("connection") is None

    worker.order(do="drain", limit_s=30)
    assert worker.news()["event"] == "ending"
    kept.request("GET", "/predict")

    last = kept.getresponse()
    assert last.status == 200
    assert last.getheader("connection") == "close"
    assert worker.process.wait(10) == 0


def test_draining_tells_a_request_in_flight_that_it_is_the_last(
    worker: Worker, place: Place
) -> None:
    kept = worker.client()
    kept.request("GET", "/hold")
    get(worker.url)  # the one before has arrived, too

    worker.order(do="drain", limit_s=30)
    assert worker.news()["event"] == "ending"
    Path(place.release("v1").folder, "go").touch()

    assert kept.getresponse().getheader("connection") == "close"


def test_draining_ends_at_its_limit(worker: Worker) -> None:
    with worker.connect() as endless:
        endless.sendall(HEAD.replace(b"/predict", b"/hold") + b"\r\n")
        get(worker.url)

        worker.order(do="drain", limit_s=0.2)

        assert worker.process.wait(10) == 0


def test_a_worker_ends_when_its_supervisor_does(worker: Worker) -> None:
    worker.control.shutdown(socket.SHUT_RDWR)

    assert worker.process.wait(10) == 0


def test_without_a_supervisor_it_serves_at_once_until_told_to_end(place: Place) -> None:
    with ExitStack() as ending:
        worker = Worker(Path(place.release("v1").folder), controlled=False)
        ending.callback(worker.end)
        assert get(worker.url)["version"] == "v1"

        worker.process.send_signal(signal.SIGTERM)

        assert worker.process.wait(10) == 0


def test_a_service_that_cannot_start_ends_its_worker(place: Place) -> None:
    with ExitStack() as ending:
        worker = Worker(Path(place.release("v1", "phishing", "broken").folder))
        ending.callback(worker.end)

        assert worker.process.wait(10) != 0


def test_many_connections_are_not_refused(worker: Worker) -> None:
    with ExitStack() as open_ones:
        sockets = [open_ones.enter_context(worker.connect()) for _ in range(300)]

        for each in sockets:
            each.sendall(HEAD + b"\r\n")

        assert all(each.recv(1000).startswith(b"HTTP/1.1 200") for each in sockets)


def test_the_date_is_told_and_the_server_is_not(worker: Worker) -> None:
    kept = worker.client()
    kept.request("GET", "/predict")
    answer = kept.getresponse()

    assert answer.getheader("server") is None
    assert answer.getheader("date")
