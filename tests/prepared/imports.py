"""What is imported before any command: the modules that pipelines load on their way.

A module that is missing here is imported by each command for itself, which is slower, no more.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("pipelines", "steps", "stacks", "switchyard", "bento.building")
LATE = (
    "skops.io",  # first: it looks through all that is loaded
    "aiohttp",
    "alembic.command",
    "bentoml.bentos",
    "bentoml._internal.bento.build_config",
    "bentoml._internal.cloud.client",
    "fastapi",
    "fsspec.implementations.local",
    "lightgbm",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "mlflow",
    "mlflow.data.meta_dataset",
    "mlflow.data.pandas_dataset",
    "mlflow.store.artifact.local_artifact_repo",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.tracing.processor.base_mlflow",
    "nltk.corpus",
    "opentelemetry.instrumentation.logging.handler",
    "pandera.pandas",
    "pandera.strategies.pandas_strategies",
    "pyarrow.dataset",
    "sklearn.compose",
    "sklearn.ensemble",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "tldextract",
    "zenml.deployers.docker.docker_deployer",
    "zenml.deployers.local.local_deployer",
    "zenml.execution.pipeline.dynamic.runner",
    "zenml.integrations.registry",
    "zenml.log_stores",
    "zenml.orchestrators.local.local_orchestrator",
    "zenml.zen_stores.sql_zen_store",
)


def prepare() -> dict[str, str]:
    """Import all of it; what that has added to the environment."""
    from stacks.workspace import set_environment

    set_environment(verbose=False)
    before = dict(os.environ)
    gc.disable()
    with _no_code_repository():
        for name in modules():
            importlib.import_module(name)
        _look_around()
    gc.collect()
    gc.freeze()  # children share the pages of what is never looked at
    gc.enable()
    _check_that_nothing_has_begun()
    return {name: value for name, value in os.environ.items() if before.get(name) != value}


def _look_around() -> None:
    """What libraries find out once a process, the same in each."""
    from sqlalchemy.orm import configure_mappers
    from zenml.integrations.registry import integration_registry

    configure_mappers()
    assert integration_registry.integrations


@contextmanager
def _no_code_repository() -> Iterator[None]:
    """Where pipelines name their hooks, ZenML would ask its store for repositories of code."""
    from zenml.utils import code_repository_utils, source_utils

    source_utils.set_custom_source_root(str(ROOT))
    known = code_repository_utils._CODE_REPOSITORY_CACHE
    known[str(ROOT)] = None
    yield
    del known[str(ROOT)]


def modules() -> Iterator[str]:
    """The names, in order."""
    yield from LATE
    for room in ROOMS:
        found = importlib.import_module(room)
        yield room
        for each in pkgutil.walk_packages(found.__path__, f"{room}."):
            yield each.name


def _check_that_nothing_has_begun() -> None:
    """AssertionError when an import has opened what each command must open for itself."""
    from zenml.client import Client
    from zenml.config.global_config import GlobalConfiguration

    assert GlobalConfiguration.get_instance() is None, "an import has read ZenML's configuration"
    assert Client.get_instance() is None, "an import has opened ZenML's store"
