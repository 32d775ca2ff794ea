"""The stack that a team shares: steps run here, what they make lies on servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, SMALL
from tests.prepared import commands
from tests.stacks import servers
from tests.stacks.servers import BUCKET, KEY, SECRET, Server

pytestmark = pytest.mark.slow

STACK = "stacks/hybrid.yaml"


@dataclass(frozen=True)
class Shared:
    """A person's machine, and the servers of the team."""

    folder: Path
    zenml: Server
    mlflow: Server
    objects: Server

    def do(self, *command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """How a command ended: with that exit code, and without having shown a secret."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ZENML_")} | {
            "ZENML_CONFIG_PATH": str(self.folder / "zenml"),
            "ZENML_REPOSITORY_PATH": str(self.folder),
            "ZENML_STORE_URL": self.zenml.url,
            "ZENML_STORE_TYPE": "rest",
            "ZENML_STORE_USERNAME": "default",
            "ZENML_STORE_PASSWORD": "",
            "AWS_ENDPOINT_URL_S3": self.objects.url,
            "SWITCHYARD_MLFLOW_URL": self.mlflow.url,
            "HOME": str(self.folder),
            "COLUMNS": "200",
        }
        done = commands.run([sys.executable, *command], environment, ROOT)
        assert done.returncode == code, done.stdout + done.stderr
        assert SECRET not in done.stdout + done.stderr
        return done

    def run(self, *arguments: str, code: int = 0) -> str:
        return self.do("run.py", *arguments, code=code).stdout

    def zenml_cli(self, *arguments: str) -> str:
        done = self.do(str(Path(sys.executable).with_name("zenml")), *arguments)
        return done.stdout + done.stderr


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    with ExitStack() as running:
        started = {}
        for name, start in (
            ("zenml", servers.zenml_server),
            ("mlflow", servers.mlflow_server),
            ("objects", servers.object_store),
        ):
            place = tmp_path / f"{name}-server"
            place.mkdir()
            started[name] = running.enter_context(start(place))
        folder = tmp_path / "person"
        folder.mkdir()
        yield Shared(folder, **started)


def test_a_team_shares_artifacts_and_models_and_each_keeps_the_way_home(shared: Shared) -> None:
    shared.run("stack", "apply", STACK, code=2)  # names the secrets that are missing
    shared.zenml_cli("secret", "create", "storage", f"--key={KEY}", f"--secret={SECRET}")
    shared.zenml_cli("secret", "create", "mlflow", "--token=open")

    foretold = shared.run("stack", "apply", STACK, "--dry-run")
    applied = shared.run("stack", "apply", STACK)
    again = shared.run("stack", "apply", STACK)
    assert "+ path: s3://switchyard/artifacts" in foretold
    assert applied.startswith(foretold)
    assert again == f"'{STACK}' is up to date\n"

    said = json.loads(shared.run("stack", "doctor", "--stack", "hybrid", "--json"))
    assert (said["stack"], said["ok"]) == ("hybrid", True)

    shared.zenml_cli("stack", "set", "hybrid")
    assert "hybrid" in shared.zenml_cli("stack", "list")
    assert "object-store" in shared.zenml_cli("stack", "describe")
    settings = [part for each in SMALL for part in ("--set", each)]
    shared.run(
        *("--pipeline", "training", *settings, "--set", f"output_dir={shared.folder / 'out'}")
    )
    assert list((shared.objects.folder / BUCKET / "artifacts").rglob("model.skops"))
    assert list((shared.mlflow.folder / "artifacts").rglob("model.skops"))

    shared.objects.process.terminate()
    ill = json.loads(shared.run("stack", "doctor", "--json", code=3))
    (wrong,) = [each for each in ill["findings"] if each["state"] == "wrong"]
    assert wrong["about"] == "artifact_store"

    shared.zenml_cli("stack", "set", "local")
    well = json.loads(shared.run("stack", "doctor", "--json"))
    assert well["ok"]
