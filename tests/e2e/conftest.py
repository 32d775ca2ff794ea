"""Whole journeys: run.py as a process of its own, in a store of its own."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.loop_parts.place import Run, run_afresh
from tests.prepared import commands
from tests.prepared.processes import Process

ROOT = Path(__file__).resolve().parents[2]
SMALL = (
    "data.sample.rows=1500",
    "tuning.max_rows=400",
    "tuning.jobs=1",
    "evaluation.bootstrap=10",
    "candidates=[{name: fast, estimator: hashed-ngrams, parameters: {bits: 14}}]",
)


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Store:
    """A folder with a ZenML store, and run.py in it. run_command: how that is run to its end."""

    folder: Path
    run_command: Run = commands.run

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "ZENML_CONFIG_PATH": str(self.folder / "zenml"),
            "ZENML_REPOSITORY_PATH": str(self.folder),
            "COLUMNS": "200",
        }

    def command(self, *arguments: str, settings: Sequence[str] = SMALL) -> list[str]:
        """The command line of a small training run, reports inside the folder."""
        given = [*settings, f"output_dir={self.folder / 'outputs'}"]
        assigned = [part for setting in given for part in ("--set", setting)]
        return [
            sys.executable,
            str(ROOT / "run.py"),
            "--pipeline",
            "training",
            *arguments,
            *assigned,
        ]

    def train(self, *arguments: str, settings: Sequence[str] = SMALL) -> Finished:
        """Run to the end."""
        command = self.command(*arguments, settings=settings)
        done = self.run_command(command, self.environment, self.folder)
        return Finished(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> Process:
        """Start a run whose progress can be read line by line from stderr."""
        return commands.start(self.command(*arguments), self.environment, self.folder)

    def interrupt(self, after: str, how: signal.Signals, delay: float = 0.0) -> int:
        """Start a run, signal it `delay` seconds after it said `after`; return its exit code."""
        process = self.start()
        assert process.stderr is not None
        for line in process.stderr:
            if after in line:
                time.sleep(delay)
                process.send_signal(how)
                break
        process.stderr.read()
        return process.wait(timeout=600)

    def registry(self) -> tuple[list[int], int | None]:
        """The registered version numbers, and the champion's."""
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        databases = list(self.folder.glob("zenml/local_stores/*/mlflow.db"))
        if not databases:
            return [], None
        uri = f"sqlite:///{databases[0]}"
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        versions = [int(v.version) for v in client.search_model_versions("name = 'phishing'")]
        try:
            champion = client.get_model_version_by_alias("phishing", "champion").version
        except MlflowException:
            return sorted(versions), None
        return sorted(versions), int(champion)


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that was opened and in which nothing has run: to copy, for making one takes long."""
    store = Store(tmp_path_factory.mktemp("opened"))
    command = [sys.executable, str(ROOT / "run.py"), "status"]
    commands.run(command, store.environment, store.folder).check_returncode()
    return store


def copied(opened: Store, folder: Path) -> Path:
    """The folder with the opened store in it, where its configuration says it is."""
    shutil.copytree(opened.folder, folder, dirs_exist_ok=True)
    configuration = folder / "zenml" / "config.yaml"
    told = configuration.read_text("utf-8")
    assert str(opened.folder) in told
    configuration.write_text(told.replace(str(opened.folder), str(folder)), "utf-8")
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> Store:
    """A folder in which not even ZenML has been, and run.py as a person starts it."""
    return Store(tmp_path, run_afresh)


@pytest.fixture
def store(opened: Store, tmp_path: Path) -> Store:
    """A store in which nothing has run."""
    return Store(copied(opened, tmp_path))


@pytest.fixture(scope="module")
def trained(opened: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store in which a first run has ended well."""
    store = Store(copied(opened, tmp_path_factory.mktemp("trained")))
    done = store.train()
    assert done.code == 0, done.err
    return store
