"""A real service in a process of its own, over a real package."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from switchyard.configuration.serving import Serving
from switchyard.packages.loading import verify
from switchyard.serving.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
KEY = "a-key-of-enough-characters"

PATIENCE_S = 180.0
"""For what must come about; machines that run tests are slow at times."""


class Service:
    """A service folder and the process that serves it."""

    def __init__(
        self, folder: Path, package: Path, title: str = "Phishing URLs", **serving: Any
    ) -> None:
        self.folder = folder
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copytree(package, folder / "model")
        settings = Settings(
            name="phishing",
            title=title,
            model_version="7",
            content_sha256=verify(package).content_sha256,
            serving=Serving.of({"state_dir": str(folder / "state"), **serving}),
        )
        self.settings = settings
        (folder / "service.json").write_text(json.dumps(settings.plain()))

    def start(self, environment: Mapping[str, str] | None = None) -> Service:
        """Start it and wait until it is ready; fails with its log when it does not become so."""
        metrics = self.folder / "metrics"
        metrics.mkdir(exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bento.worker", "--fd", str(listener.fileno())],
                cwd=ROOT,
                env={
                    **os.environ,
                    "SWITCHYARD_SERVICE_DIR": str(self.folder),
                    "PROMETHEUS_MULTIPROC_DIR": str(metrics),
                    **(environment or {}),
                },
                pass_fds=[listener.fileno()],
                stderr=(self.folder / "log").open("ab"),
            )
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the service is not ready:\n{self.log}")

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it without a warning."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """End it as a supervisor does; return its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait(timeout=PATIENCE_S)

    def predict(self, *urls: str, **options: Any) -> httpx.Response:
        body = {"instances": [{"url": url} for url in urls]}
        return httpx.post(f"{self.url}/predict", json=body, **{"timeout": PATIENCE_S, **options})

    def post(self, path: str, content: bytes, **headers: str) -> httpx.Response:
        given = {"content-type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.post(f"{self.url}{path}", content=content, headers=given, timeout=PATIENCE_S)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", **{"timeout": PATIENCE_S, **options})
