"""Where tests deploy quick services, and ways to look at what was started."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stacks.deployers.local.deployments import Deployments
from stacks.deployers.local.options import Options
from switchyard.configuration.serving import Serving
from switchyard.serving.releases import Deployment, Release

ROOT = Path(__file__).resolve().parents[2]


class Place:
    """A deployer with a state folder, a free port and releases of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.home = self.state / "phishing" / "deployment"
        self.serving = Serving(port=free_port(), state_dir=str(self.state))
        self.deployments = self.deployer()

    def deployer(self, **options: Any) -> Deployments:
        """Another one on the same state."""
        given = {"state_dir": str(self.state), "port_search": False, **options}
        return Deployments(Options(**given))

    def release(self, version: str, name: str = "phishing", *files: str) -> Release:
        """A release whose service answers with its version; `files` tell it what else to do."""
        service = self.folder / "releases" / version
        if not service.exists():
            (service / "bento").mkdir(parents=True)
            for each in (ROOT / "bento").glob("*.py"):
                shutil.copy(each, service / "bento" / each.name)
            for path in ("__init__.py", "serving/__init__.py", "serving/trials.py"):
                copy = service / "switchyard" / path
                copy.parent.mkdir(exist_ok=True)
                shutil.copy(ROOT / "switchyard" / path, copy)
            shutil.copy(Path(__file__).with_name("dummy_service.py"), service / "bento/service.py")
        for file in files:
            (service / file).touch()
        return Release(
            name=name,
            model_version=version,
            bento=f"{name}:{version}",
            folder=str(service),
            content_sha256="c" * 64,
            data_digest="d" * 64,
            synthetic=True,
            built="2030-01-01T00:00:00+00:00",
        )

    def deploy(self, version: str, *files: str) -> Deployment:
        """Deploy a release that passes its smoke test."""
        return self.deployments.deploy(self.release(version, "phishing", *files), self.serving, ok)

    def end(self) -> None:
        """Stop all that was deployed."""
        for each in self.deployments.all():
            self.deployments.stop(each.release.name)


def ok(url: str) -> None:
    """A smoke test that a service passes by answering."""
    assert get(url, "/predict")["version"]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def get(url: str, path: str = "/predict") -> Any:
    """The answer's JSON."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def until(condition: Callable[[], Any], within_s: float = 180.0) -> Any:
    """What `condition` returns as soon as it is true; fails when that takes too long."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not collected does not."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
