"""A web server of this test's own, and short forms of what the tests of data need."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from switchyard.configuration.model import Data
from switchyard.data import downloads


@dataclass
class Site:
    """What the server gives, and what it was asked."""

    url: str
    content: bytes = b"url,label\n"
    etag: str | None = None
    status: int = 200
    breaks: int = 0
    ranges: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def stop(self) -> None:
        """Take the server off the network."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        site = self.site
        site.asked.append(dict(self.headers))
        if site.status != 200:
            self.send_error(site.status)
            return
        if site.etag and self.headers.get("If-None-Match") == site.etag:
            self.send_response(304)
            self.end_headers()
            return
        start = 0
        asked = self.headers.get("Range")
        if asked and site.ranges:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(site.content):
                self.send_error(416)
                return
        body = site.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if site.etag:
            self.send_header("ETag", site.etag)
        self.end_headers()
        if site.breaks:
            site.breaks -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A web server on this machine, stopped at the end; retries do not wait."""
    monkeypatch.setattr(downloads, "BACKOFF_S", 0.001)
    monkeypatch.setattr(downloads, "BLOCK", 1 << 12)
    served = Site("")
    handler = type("Handler", (_Handler,), {"site": served})
    served.server = server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    served.url = f"http://127.0.0.1:{server.server_port}/feed.csv"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield served
    served.stop()


@pytest.fixture
def cached(tmp_path: Path) -> Data:
    """Data settings whose cache is this test's own."""
    return Data(cache_dir=str(tmp_path / "cache"))
