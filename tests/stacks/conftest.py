"""Real servers, one a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stacks import servers
from tests.stacks.servers import Server


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers.object_store(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers.mlflow_server(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture(scope="session")
def zenml_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers.zenml_server(tmp_path_factory.mktemp("zenml")) as server:
        yield server


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers.registry(tmp_path_factory.mktemp("registry")) as server:
        yield server
