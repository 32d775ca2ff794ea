"""Each estimator gets its own explainer; an unknown one is named; nothing needless is imported."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter
from typing import Any

import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from switchyard.candidates.catalogue import TEXT_CLASSIFIERS, find
from switchyard.errors import DataError, RequestError
from switchyard.explanations.explaining import EXPLAINERS, explain
from switchyard.text.canonical import CanonicalUrls
from tests.conftest import ROOT, Packages
from tests.explanations.conftest import Models

ALONE = """
import sys
from pathlib import Path
from switchyard.explanations.explaining import explain
assert not {"numba", "sklearn", "lightgbm"} & set(sys.modules)
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"lightgbm", "nltk", "pandas", "matplotlib", "mlflow"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
from switchyard.packages.loading import load
[made] = explain(load(Path(sys.argv[1])).estimator, ["a.example/b"])
print(made.text)
"""


def test_every_estimator_of_the_catalogue_can_be_explained_and_no_other_is_listed() -> None:
    made = [find(name).make(0) for name in TEXT_CLASSIFIERS]

    kinds = {
        tuple(type(step).__name__ for _, step in getattr(one, "steps", [("", one)])) for one in made
    }

    assert set(EXPLAINERS) == kinds


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (DummyClassifier(), "DummyClassifier"),
        (Pipeline([("a", CanonicalUrls()), ("b", DummyClassifier())]), "CanonicalUrls → Dummy"),
    ],
)
def test_an_estimator_that_nothing_explains_is_named(estimator: Any, name: str) -> None:
    with pytest.raises(RequestError, match=f"for the estimator {name}"):
        explain(estimator, ["a.example"])


@pytest.mark.parametrize("name", TEXT_CLASSIFIERS)
def test_no_texts_have_no_explanations(models: Models, name: str) -> None:
    assert explain(models(name), []) == []


def test_what_is_not_text_is_named(models: Models) -> None:
    with pytest.raises(DataError, match="row 1"):
        explain(models("hashed-ngrams"), ["a.example", 7])  # type: ignore[list-item]


def test_the_fast_model_is_explained_where_nothing_else_is_installed(packages: Packages) -> None:
    result = subprocess.run(
        [sys.executable, "-c", ALONE, packages.of("hashed-ngrams")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (result.returncode, result.stdout) == (0, "a.example/b\n"), result.stderr


@pytest.mark.parametrize(("number", "most_s"), [(1, 0.02), (100, 2.0)])
def test_the_fast_model_is_explained_quickly(
    models: Models, urls: list[str], number: int, most_s: float
) -> None:
    model, asked = models("hashed-ngrams"), (urls * 2)[:number]
    explain(model, asked)  # compiled, or read from the disk

    def seconds() -> float:
        start = perf_counter()
        explain(model, asked)
        return perf_counter() - start

    assert len(asked) == number
    assert min(seconds() for _ in range(5)) < most_s
