"""The real API server's strict validation of every overlay, and its admission of their pods."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator

import pytest
import yaml

from tests.clusters import Cluster
from tests.deploy.manifests import Manifest, Overlay, named

pytestmark = pytest.mark.cluster


@pytest.fixture
def moved(overlay: Overlay, cluster: Cluster) -> Iterator[list[Manifest]]:
    """The overlay's manifests, in namespaces of our own: a dry run asks for namespaces that are."""
    mark = uuid.uuid4().hex[:8]
    manifests = [copy.deepcopy(each) for each in overlay.all]
    namespaces = [each for each in manifests if each["kind"] == "Namespace"]
    for each in namespaces:
        each["metadata"]["name"] += f"-{mark}"
    for each in manifests:
        if each not in namespaces:
            each["metadata"]["namespace"] += f"-{mark}"
    cluster.kubectl("create", "-f", "-", given=yaml.safe_dump_all(namespaces))
    yield manifests
    cluster.kubectl("delete", "namespace", "--wait=false", *map(named, namespaces))


def test_the_api_server_takes_every_manifest_and_warns_of_none(
    moved: list[Manifest], cluster: Cluster
) -> None:
    done = cluster.tried(
        *("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"),
        given=yaml.safe_dump_all(moved),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == len(moved)
