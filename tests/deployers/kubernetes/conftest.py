"""A namespace, an object store and quick services on a real cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3fs import S3FileSystem

from tests.clusters import Cluster
from tests.deployers.kubernetes.sites import Site, Store, host_for


@pytest.fixture(scope="session")
def serving_image() -> str:
    """What pods run in: TESTS_SERVING_IMAGE; skips where none is named."""
    named = os.environ.get("TESTS_SERVING_IMAGE", "")
    if not named:
        pytest.skip("TESTS_SERVING_IMAGE names no image; run.py image build serving makes one")
    return named


@pytest.fixture(scope="session")
def store(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An object store of this machine that pods reach."""
    with Store(tmp_path_factory.mktemp("objects"), host_for(cluster)) as made:
        yield made


@pytest.fixture
def site(
    cluster: Cluster,
    serving_image: str,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    """Where a test deploys; its namespace goes with it."""
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()  # they know the store of another test
    with cluster.namespace("deployer") as namespace:
        yield Site(cluster, namespace, serving_image, store, tmp_path)
