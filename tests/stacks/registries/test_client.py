"""A registry is asked by its own protocol, with a login where it wants one."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from stacks.registries.client import Registry, digest_of
from switchyard.errors import PlatformError

DIGEST = f"sha256:{'0' * 64}"
LOGIN = base64.b64encode(b"me:secret").decode()


class Server(BaseHTTPRequestHandler):
    """Has 'open', 'closed' for who has a token, 'old' for who logs in; gives tokens to who does."""

    def do_HEAD(self) -> None:
        if "/broken/" in self.path:
            self._answer(500)
        elif "/closed/" in self.path and self.headers.get("Authorization") != "Bearer token":
            host = self.headers["Host"]
            wanted = f"repository:{self.path.split('/')[2]}:pull"
            realm = f'Bearer realm="http://{host}/token",service="it",scope="{wanted}"'
            self._answer(401, ("WWW-Authenticate", realm))
        elif "/old/" in self.path and self.headers.get("Authorization") != f"Basic {LOGIN}":
            self._answer(401, ("WWW-Authenticate", 'Basic realm="it"'))
        elif self.path.endswith("/manifests/1"):
            self._answer(200, ("Docker-Content-Digest", DIGEST))
        else:
            self._answer(404)

    def do_GET(self) -> None:
        asked = {"service": ["it"], "scope": ["repository:closed:pull"]}
        known = self.headers.get("Authorization") == f"Basic {LOGIN}"
        if known and parse_qs(urlsplit(self.path).query) == asked:
            self._answer(200, body=json.dumps({"token": "token"}).encode())
        else:
            self._answer(401, body=b"unknown")

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
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_image_that_is_there_has_a_digest_and_another_none(host: str) -> None:
    assert digest_of(f"{host}/open/steps:1") == DIGEST
    assert digest_of(f"{host}/open/steps:2") is None


@pytest.mark.parametrize("name", ["closed", "old"])
def test_a_login_opens_what_is_closed(
    host: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(PlatformError, match=f"answers 401 .* `docker login {host}`"):
        digest_of(f"{host}/{name}/steps:1")
    (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": LOGIN}}}))

    assert digest_of(f"{host}/{name}/steps:1") == DIGEST


def test_a_registry_that_fails_or_is_away_is_named(host: str) -> None:
    with pytest.raises(PlatformError, match=f"registry '{host}' answers 500"):
        digest_of(f"{host}/broken/steps:1")
    with pytest.raises(PlatformError, match=r"registry '127.0.0.1:9' cannot be reached: .*refused"):
        digest_of("127.0.0.1:9/open/steps:1")


def test_the_setting_that_names_a_registry_is_told() -> None:
    asked = Registry("127.0.0.1:9", "a", "`repository` of the model_deployer")
    with pytest.raises(PlatformError, match="whether `repository` of the model_deployer names"):
        asked.digest("1")


def test_no_proxy_stands_before_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    assert digest_of(f"{host}/open/steps:1") == DIGEST
