"""A registry is asked by its own protocol, with a login where it wants one."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stacks.images.registries import digest_of, is_insecure, parts_of
from switchyard.errors import PlatformError, RequestError

DIGEST = f"sha256:{'0' * 64}"
LOGIN = base64.b64encode(b"me:secret").decode()


class Registry(BaseHTTPRequestHandler):
    """Has 'open', and 'closed' for who has a token; gives tokens to who logs in."""

    def do_HEAD(self) -> None:
        if "/broken/" in self.path:
            self._answer(500)
        elif "/closed/" in self.path and self.headers.get("Authorization") != "Bearer token":
            host = self.headers["Host"]
            realm = f'Bearer realm="http://{host}/token",service="it",scope="pull"'
            self._answer(401, ("WWW-Authenticate", realm))
        elif self.path.endswith("/manifests/1"):
            self._answer(200, ("Docker-Content-Digest", DIGEST))
        else:
            self._answer(404)

    def do_GET(self) -> None:
        token = "token" if self.headers.get("Authorization") == f"Basic {LOGIN}" else "no"
        self._answer(200, body=json.dumps({"token": token}).encode())

    def _answer(self, status: int, *headers: tuple[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_image_that_is_there_has_a_digest_and_another_none(host: str) -> None:
    assert digest_of(f"{host}/open/steps:1") == DIGEST
    assert digest_of(f"{host}/open/steps:2") is None


def test_a_login_opens_what_is_closed(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(PlatformError, match=f"answers 401 .* `docker login {host}`"):
        digest_of(f"{host}/closed/steps:1")
    (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": LOGIN}}}))

    assert digest_of(f"{host}/closed/steps:1") == DIGEST


def test_a_registry_that_fails_or_is_away_is_named(host: str) -> None:
    with pytest.raises(PlatformError, match=f"registry '{host}' answers 500"):
        digest_of(f"{host}/broken/steps:1")
    with pytest.raises(PlatformError, match=r"registry '127.0.0.1:9' cannot be reached: .*refused"):
        digest_of("127.0.0.1:9/open/steps:1")


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("localhost:5000/a/b:1", ("localhost:5000", "a/b", "1")),
        ("example.com/a", ("example.com", "a", "latest")),
        (f"example.com/a@{DIGEST}", ("example.com", "a", DIGEST)),
        (f"example.com/a:1@{DIGEST}", ("example.com", "a", DIGEST)),
    ],
)
def test_a_reference_is_taken_apart(reference: str, parts: tuple[str, str, str]) -> None:
    assert parts_of(reference) == parts


@pytest.mark.parametrize("reference", ["steps:1", "switchyard/steps:1", ""])
def test_a_name_without_a_registry_is_refused(reference: str) -> None:
    with pytest.raises(RequestError, match="names no registry"):
        parts_of(reference)


def test_only_registries_of_this_machine_may_speak_http() -> None:
    assert all(map(is_insecure, ("127.0.0.1:5000", "localhost", "localhost:5000")))
    assert not any(map(is_insecure, ("10.0.0.1:5000", "example.com", "docker.io")))
