"""No cluster, the wrong one, one that is silent: told before anything is tried."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from stacks.deployers.kubernetes.connections import connect
from stacks.deployers.kubernetes.options import Options
from switchyard.errors import PlatformError, RequestError
from tests.deployers.places import free_port

pytest.importorskip("kubernetes")


def configure(folder: Path, monkeypatch: pytest.MonkeyPatch, server: str, current: str) -> None:
    """A kubeconfig with the context 'here'."""
    path = folder / "kubeconfig"
    held = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [{"name": "here", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": {"token": "secret"}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
    }
    path.write_text(yaml.safe_dump(held), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(path))


def test_without_a_kubeconfig_there_is_no_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    with pytest.raises(RequestError, match=r"no cluster: .*KUBECONFIG names the file"):
        connect(Options())


def test_an_unknown_context_is_named_with_those_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, monkeypatch, "http://127.0.0.1:1", "here")

    with pytest.raises(RequestError, match=r"kubernetes_context 'there' is not .* there are: here"):
        connect(Options(kubernetes_context="there"))


def test_a_current_context_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, monkeypatch, "http://127.0.0.1:1", "gone")

    with pytest.raises(RequestError, match="gone"):
        connect(Options())


def test_a_silent_cluster_is_named_with_what_it_prevented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, monkeypatch, f"http://127.0.0.1:{free_port()}", "here")

    with pytest.raises(PlatformError, match=r"context 'here' .*refused.*read ConfigMap 'x'"):
        connect(Options(patience_s=0)).get("ConfigMap", "x")


@contextmanager
def serving(*answers: tuple[int, object]) -> Iterator[str]:
    """An API server that gives these answers, one after another."""
    left = list(answers)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = left.pop(0)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *given: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_failure_that_passes_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving((503, {"message": "starting"}), (200, {"kind": "ConfigMap"})) as url:
        configure(tmp_path, monkeypatch, url, "here")

        assert connect(Options()).get("ConfigMap", "x") == {"kind": "ConfigMap"}


def test_what_is_refused_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving((401, {"message": "Unauthorized"})) as url:
        configure(tmp_path, monkeypatch, url, "here")

        with pytest.raises(PlatformError, match="renew the credentials"):
            connect(Options()).get("ConfigMap", "x")


def test_what_is_not_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving((404, {"message": 'configmaps "x" not found'})) as url:
        configure(tmp_path, monkeypatch, url, "here")

        assert connect(Options()).get("ConfigMap", "x") is None
