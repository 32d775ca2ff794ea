"""A Kubernetes that tests may use, by kubectl: the one that KUBECONFIG names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 240.0
"""For what must come about; machines that run tests are slow at times."""

_CALL_S = 120.0


@dataclass(frozen=True)
class Cluster:
    """kubeconfig: its path; context: the one that is current in it."""

    kubeconfig: Path
    context: str

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """What kubectl prints; AssertionError with what it complains of when it fails."""
        done = self.tried(*arguments, given=given)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def tried(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """How kubectl ended."""
        return subprocess.run(
            [kubectl_binary(), "--kubeconfig", str(self.kubeconfig), *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=_CALL_S,
            check=False,
        )

    def get(self, *arguments: str) -> Any:
        """Objects as kubectl gets them."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def apply(self, *manifests: dict[str, Any]) -> None:
        """Apply objects as they are, strictly checked."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("apply", "--validate=strict", "-f", "-", given=json.dumps(listed))

    @contextmanager
    def namespace(self, prefix: str) -> Iterator[str]:
        """A namespace of the test's own, gone with all that is in it when the block ends."""
        name = f"{prefix}-{uuid.uuid4().hex[:6]}"
        self.kubectl("create", "namespace", name)
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false")


def eventually(what: str, came: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """What `came` returns once that is true; AssertionError that says what has not come about."""
    deadline = time.monotonic() + patience_s
    while not (found := came()):
        assert time.monotonic() < deadline, f"{what} has not come about in {patience_s:g} s"
        time.sleep(0.5)
    return found


def find_cluster() -> Cluster:
    """The cluster of KUBECONFIG; skips where there is none."""
    named = os.environ.get("KUBECONFIG", "")
    path = Path(named or "~/.kube/config").expanduser()
    if not path.is_file():
        pytest.skip("KUBECONFIG names no cluster; tests/cluster/cluster.sh up starts one")
    found = Cluster(path, "")
    asked = found.tried("config", "current-context")
    if asked.returncode or found.tried("version", "--request-timeout=10s").returncode:
        pytest.skip(f"the cluster of '{path}' does not answer; tests/cluster/cluster.sh up")
    return Cluster(path, asked.stdout.strip())


def kubectl_binary() -> str:
    """The kubectl that was built with the test cluster, else the one on the path."""
    cache = os.environ.get("SWITCHYARD_CLUSTER_CACHE") or "~/.cache/switchyard/cluster"
    built = Path(cache).expanduser() / "kubectl"
    if built.is_file():
        return str(built)
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is not installed")
    return found
