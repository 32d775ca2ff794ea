"""The real API server's strict validation of every overlay, and its admission of their pods."""

from __future__ import annotations

import copy
import subprocess
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.deploy.manifests import Manifest, Overlay, named

pytestmark = pytest.mark.cluster


def kubectl(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["kubectl", *arguments], input=given, capture_output=True, text=True, check=False
    )


@pytest.fixture
def moved(overlay: Overlay, cluster: Any) -> Iterator[list[Manifest]]:
    """The overlay's manifests, in namespaces of our own: a dry run asks for namespaces that are."""
    del cluster
    mark = uuid.uuid4().hex[:8]
    manifests = [copy.deepcopy(each) for each in overlay.all]
    namespaces = [each for each in manifests if each["kind"] == "Namespace"]
    for each in namespaces:
        each["metadata"]["name"] += f"-{mark}"
    for each in manifests:
        if each not in namespaces:
            each["metadata"]["namespace"] += f"-{mark}"
    made = kubectl("create", "-f", "-", given=yaml.safe_dump_all(namespaces))
    assert made.returncode == 0, made.stderr
    yield manifests
    kubectl("delete", "namespace", "--wait=false", *map(named, namespaces))


def test_the_api_server_takes_every_manifest_and_warns_of_none(moved: list[Manifest]) -> None:
    done = kubectl(
        *("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"),
        given=yaml.safe_dump_all(moved),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == len(moved)
