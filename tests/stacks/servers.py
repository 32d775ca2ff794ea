"""Real servers for tests: an object store, MLflow, ZenML, an image registry. No imitations."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

KEY, SECRET = "test-key", "test-secret"
BUCKET = "switchyard"
_PATIENCE_S = 400.0

REGISTRY = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: 127.0.0.1:{port}}}
"""


@dataclass(frozen=True)
class Server:
    """A server that answers. folder: what it keeps."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]


@contextmanager
def object_store(folder: Path) -> Iterator[Server]:
    """S3 over a folder; the bucket is there."""
    (folder / BUCKET).mkdir(parents=True)
    port, program = free_port(), Path(sys.executable).with_name("rclone")
    options = ["--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}"]
    command = [str(program), "serve", "s3", *options, str(folder)]
    environment = {"RCLONE_CONFIG": "", "HOME": str(folder)}
    with _running(command, folder, port, "/", environment) as server:
        yield server


@contextmanager
def mlflow_server(folder: Path) -> Iterator[Server]:
    """MLflow on SQLite, its artifacts in a folder behind it."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--serve-artifacts", "--artifacts-destination", str(folder / "artifacts")),
    ]
    environment = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with _running(command, folder, port, "/health", environment) as server:
        yield server


@contextmanager
def zenml_server(folder: Path) -> Iterator[Server]:
    """ZenML's server on SQLite; its user is `default`, without a password."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", "zenml.zen_server.zen_server_api:app"),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]
    environment = {
        "ZENML_CONFIG_PATH": str(folder / "config"),
        "ZENML_REPOSITORY_PATH": str(folder),
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_SERVER_DEPLOYMENT_TYPE": "other",
        "ZENML_SERVER_AUTO_ACTIVATE": "true",
    }
    with _running(command, folder, port, "/health", environment) as server:
        yield server


@contextmanager
def registry(folder: Path) -> Iterator[Server]:
    """An image registry; skips where none is installed."""
    program = shutil.which("docker-registry") or shutil.which("registry")
    if program is None:
        pytest.skip("no image registry is installed: apt-get install docker-registry")
    port = free_port()
    settings = folder / "registry.yaml"
    settings.write_text(REGISTRY.format(folder=folder / "images", port=port), encoding="utf-8")
    with _running([program, "serve", str(settings)], folder, port, "/v2/", {}) as server:
        yield server


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def _running(
    command: Sequence[str], folder: Path, port: int, path: str, environment: dict[str, str]
) -> Iterator[Server]:
    """The command's server, from its first answer to the end of the block."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ZENML_"))}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=inherited | environment, cwd=folder, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(lambda: requests.get(f"{url}{path}", timeout=5), process, folder)
        yield Server(url, folder, process)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(ask: Callable[[], object], process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            ask()
        except requests.RequestException:
            time.sleep(0.2)
        else:
            return
    log = (folder / "server.log").read_text(errors="replace")[-2000:]
    raise AssertionError(f"the server did not answer; exit code {process.poll()}:\n{log}")
