"""What a service needs installed is found, whole, and no more than that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions, version
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bento.building.requirements import ROOTS, clients_of, extras_of, pinned
from switchyard.candidates.catalogue import build, find, installed
from switchyard.candidates.table_entries import REGRESSORS, TABLE_CLASSIFIERS
from switchyard.configuration.model import Candidate, Scalar
from switchyard.configuration.serving import Serving
from switchyard.errors import PlatformError
from switchyard.packages.storage import dumps
from switchyard.packages.writing import MODEL
from tests.conftest import ROOT, Packages

NEEDS = {
    "char-svm": (),
    "hashed-ngrams": (),
    "lexical-lightgbm": ("lightgbm",),
    "stacked": ("lightgbm",),
    "stem-logistic": ("nltk",),
    "stem-naive-bayes": ("nltk",),
}
OPTIONAL = {"_brotli", "_distutils_hack", "brotli", "sniffio", "ujson"}
"""What others import where it happens to be installed."""

SCORE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
from pathlib import Path
from switchyard.serving.predictor import Predictor
predictor = Predictor.open(Path({folder!r}), "1")
print(predictor.score({{"url": ["a.example/login", "b.example"]}}).scores.tolist())
"""


@pytest.fixture(scope="module")
def names() -> set[str]:
    return {line.partition("==")[0] for line in pinned(ROOTS)}


def test_each_package_is_pinned_once_to_the_version_that_is_installed() -> None:
    lines = pinned(ROOTS)

    found = dict(line.split("==") for line in lines)
    assert len(found) == len(lines)
    assert list(found) == sorted(found)
    assert all(version(name) == given for name, given in found.items())


def test_what_a_package_needs_is_there_too(names: set[str]) -> None:
    for name in names:
        for line in distribution(name).requires or ():
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                assert canonicalize_name(need.name) in names, f"{name} needs {line}"


def test_what_only_training_needs_is_not_there(names: set[str]) -> None:
    training = {"zenml", "mlflow", "pandas", "matplotlib", "pandera", "lightgbm", "nltk", "shap"}

    assert names & training == set()


def test_what_one_model_needs_is_added() -> None:
    assert any(line.startswith("lightgbm==") for line in pinned((*ROOTS, "lightgbm")))


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(PlatformError, match="no-such-package"):
        pinned(("no-such-package",))


@pytest.mark.parametrize(("estimator", "needs"), NEEDS.items())
def test_what_a_model_needs_is_seen_from_its_file(
    packages: Packages, estimator: str, needs: tuple[str, ...]
) -> None:
    assert extras_of(packages.of(estimator)) == needs


@pytest.mark.parametrize("name", [*REGRESSORS, *TABLE_CLASSIFIERS])
def test_models_of_tables_need_nothing_more_whoever_grew_them(name: str, tmp_path: Path) -> None:
    if not installed(find(name)):
        pytest.skip(f"{find(name).library} is not installed")
    parameters: dict[str, Scalar] = {"trees": 3} if "trees" in find(name).parameters else {}
    candidate = Candidate(name="x", estimator=name, parameters=parameters)
    rows = np.column_stack([np.linspace(-1.0, 1.0, 120), np.arange(120) % 2])
    (tmp_path / MODEL).write_bytes(dumps(build(candidate, 1, (0, 2)).fit(rows, rows[:, 1])))

    assert extras_of(tmp_path) == ()


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "needs"), NEEDS.items())
def test_a_model_is_loaded_and_scored_without_what_it_does_not_need(
    packages: Packages, estimator: str, needs: tuple[str, ...]
) -> None:
    blocked = {"lightgbm", "nltk", "pandas", "matplotlib", "mlflow", "zenml"} - set(needs)

    program = SCORE.format(blocked=blocked, folder=str(packages.of(estimator)))
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 2


@pytest.mark.slow
def test_all_that_the_service_imports_is_pinned(names: set[str]) -> None:
    program = (
        "import json, sys, pkgutil, importlib, bento, bento.service\n"
        "from bento import routes\n"
        "for package in (bento, routes):\n"
        "    for module in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n"
        "        if module.name != 'bento.building':\n"
        "            importlib.import_module(module.name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    environment = {**os.environ, "BENTOML_DO_NOT_TRACK": "true"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(json.loads(done.stdout.splitlines()[-1]))

    homes = packages_distributions()
    unpinned = {
        module
        for module in imported
        if module in homes
        and not {canonicalize_name(home) for home in homes[module]} & (names | {"switchyard"})
    }
    assert unpinned - OPTIONAL == set()


def test_the_clients_of_configured_stores_are_added() -> None:
    serving = Serving.of(
        {
            "capture": {"store": "s3://bucket/predictions"},
            "jobs": {"queue": "redis://queue", "store": "/srv/jobs"},
        }
    )

    assert clients_of(Serving()) == ()
    assert clients_of(serving) == ("redis", "s3fs")
