"""A place of its own: run.py as a process whose every file lies in one temporary folder."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from switchyard.errors import PlatformError
from switchyard.monitoring.records import MonitoringStore

ROOT = Path(__file__).resolve().parents[2]
PHISHING = ROOT / "configs" / "phishing.yaml"


Run = Callable[[Sequence[str], Mapping[str, str], Path], "subprocess.CompletedProcess[str]"]
"""How a command line is run to its end: with that environment, in that folder."""


def run_afresh(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """A process that is started from nothing."""
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=600
    )


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str


class Place:
    """A home, a ZenML store, Bentos and a port that nobody else uses; gone when it is left.

    settings: sections of the use case to change, over those of its file, `base`. run: how run.py is
    run here.
    """

    def __init__(
        self, settings: dict[str, Any], base: Path = PHISHING, run: Run = run_afresh
    ) -> None:
        self._run = run
        self.folder = Path(tempfile.mkdtemp(prefix="switchyard-demo-"))
        self.home = self.folder / "home"
        self.home.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.state = self.home / ".local" / "share" / "switchyard"
        self.config = self.folder / "demo.yaml"
        document = yaml.safe_load(base.read_text("utf-8"))
        self.name: str = document["name"]
        document |= settings | {"output_dir": str(self.folder / "outputs")}
        document["serving"] = document.get("serving", {}) | {
            "port": self.port,
            "state_dir": str(self.state),
        }
        self.config.write_text(yaml.safe_dump(document), encoding="utf-8")

    @property
    def records(self) -> MonitoringStore:
        """What monitoring has noted here."""
        return MonitoringStore(str(self.state / self.name / "monitoring"))

    @property
    def version(self) -> str:
        """The version that answers."""
        with urllib.request.urlopen(f"{self.url}/model", timeout=30) as answer:
            return str(json.load(answer)["version"])

    @property
    def first_package(self) -> Path:
        """The package of version 1, as it was deployed."""
        found = sorted(self.folder.glob(f"bentoml/bentos/{self.name}/v1-*/src/model"))
        if not found:
            raise PlatformError(
                f"version 1 of '{self.name}' was never packaged below '{self.folder}'"
            )
        return found[0]

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> Finished:
        """run.py to its end; PlatformError with what it said unless its code is allowed."""
        with_config = [] if arguments[0] == "status" else ["--config", str(self.config)]
        command = [sys.executable, str(ROOT / "run.py"), *arguments, *with_config]
        done = self._run(command, self.environment(), self.folder)
        if done.returncode not in allowed:
            raise PlatformError(
                f"'run.py {' '.join(arguments)}' ended with code {done.returncode}:\n"
                f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
            )
        return Finished(done.returncode, done.stdout, done.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End the service, then remove the folder."""
        try:
            if (self.state / self.name / "deployment").exists():
                self.run("stop", allowed=(0, 2))
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """Of the settings of who runs this, none counts."""
        own = {key: value for key, value in os.environ.items() if "SWITCHYARD" not in key}
        return own | {
            "HOME": str(self.home),
            "ZENML_CONFIG_PATH": str(self.folder / "zenml"),
            "ZENML_REPOSITORY_PATH": str(self.folder),
            "BENTOML_HOME": str(self.folder / "bentoml"),
            "COLUMNS": "160",
        }
