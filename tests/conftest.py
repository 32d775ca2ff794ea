"""Fixtures that every test may use."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.backends import new_database, object_store, postgres, redis
from tests.clusters import Cluster, find_cluster
from tests.services import Service

__all__ = ["new_database", "object_store", "postgres", "redis"]

ROOT = Path(__file__).resolve().parents[1]

# How long an example takes says something of the machine, nothing of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Who runs the tests may have settings of an own, such as one state folder for every service.
for _name in [name for name in os.environ if name.startswith("SWITCHYARD_")]:
    if _name not in ("SWITCHYARD_CLUSTER_CACHE", "SWITCHYARD_DATA_DIR"):
        del os.environ[_name]
os.environ["NO_PROXY"] = "127.0.0.1,localhost"
# Pipelines are looked for below it; the workers of pytest have no main module that would tell.
os.environ["ZENML_CUSTOM_SOURCE_ROOT"] = str(ROOT)
# Set before any test imports ZenML, which looks once: the store of whoever runs them is not ours.
_ZENML = Path(tempfile.mkdtemp(prefix="switchyard-zenml-"))
atexit.register(shutil.rmtree, _ZENML, ignore_errors=True)
os.environ["ZENML_CONFIG_PATH"] = str(_ZENML / "config")
os.environ["ZENML_REPOSITORY_PATH"] = str(_ZENML)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where tests of a mark alone are wanted, files without any are not imported: it takes long."""
    mark = str(config.getoption("markexpr")).partition(" ")[0]
    if mark not in ("slow", "cluster"):
        return None
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if is_test and f"mark.{mark}" not in collection_path.read_text("utf-8") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first, so that at the end no worker is left alone with them."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data sets: SWITCHYARD_DATA_DIR, else ../shared/data; or skip."""
    folder = Path(os.environ.get("SWITCHYARD_DATA_DIR", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data sets are not at {folder}; set SWITCHYARD_DATA_DIR")
    return folder


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """A real Kubernetes; a test that uses it carries the mark `cluster`."""
    return find_cluster()


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """Model packages of real, quickly trained models, one for each estimator asked for."""
    return Packages(tmp_path_factory.mktemp("packages"))


class Packages:
    """Trains an estimator of the catalogue on a generated sample and packages it, once each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Path] = {}

    def of(self, estimator: str = "hashed-ngrams") -> Path:
        """The folder of the package."""
        if estimator not in self._made:
            self._made[estimator] = self._make(estimator)
        return self._made[estimator]

    def _make(self, estimator: str) -> Path:
        from switchyard.candidates.fitting import fit
        from switchyard.configuration.model import Candidate, Data
        from switchyard.data.cleaning import clean
        from switchyard.data.reading import RawFrame
        from switchyard.evaluation.intervals import Interval
        from switchyard.packages import manifest
        from switchyard.packages.writing import write
        from switchyard.samples.urls import generate
        from tests.labels import PHISHING

        rows = clean(RawFrame.of(generate(2_000, 3)), Data(), PHISHING).frame
        candidate = Candidate(name=estimator, estimator=estimator)
        model = fit(candidate, {}, rows["url"], rows["label"].to_numpy(), rows["group"], 3)
        details = manifest.Details(
            name="phishing",
            candidate=estimator,
            task="text-classification",
            inputs={"url": manifest.Input(type="string", max_length=8192)},
            labels=manifest.Labels(positive="phishing", negative="benign"),
            threshold=0.4,
            metrics={"accuracy": Interval(value=0.9, low=0.8, high=0.95)},
            data=manifest.Origin(digest="d" * 64, synthetic=True, rows=2000, sources=("sample",)),
        )
        return write(self._folder / estimator, model, details, "# Card\n").folder


@pytest.fixture(scope="session")
def zenml_store() -> Path:
    """The ZenML store of this test process's own, opened as run.py opens it."""
    from stacks.workspace import open_workspace, set_environment

    set_environment(verbose=False)
    open_workspace()
    return _ZENML


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, packages: Packages) -> Iterator[Service]:
    """The service with its defaults, rows reaching the store at once."""
    folder = tmp_path_factory.mktemp("service")
    made = Service(folder, packages.of(), capture={"flush_s": 0.2}).start()
    yield made
    made.stop()


@pytest.fixture
def make_service(tmp_path: Path, packages: Packages) -> Iterator[Any]:
    """Makes services with settings of their own; they end with the test."""
    made: list[Service] = []

    def make(estimator: str = "hashed-ngrams", **serving: Any) -> Service:
        folder = tmp_path / f"service-{len(made)}"
        folder.mkdir()
        made.append(Service(folder, packages.of(estimator), **serving))
        return made[-1]

    yield make
    for each in made:
        each.stop()
