"""Every estimator of the catalogue can be packaged and comes back the same."""

from __future__ import annotations

import numpy as np
import pytest

from switchyard.candidates.catalogue import TEXT_CLASSIFIERS, build, find, installed
from switchyard.candidates.table_entries import REGRESSORS, TABLE_CLASSIFIERS
from switchyard.configuration.model import Candidate, Scalar
from switchyard.packages.storage import dumps, loads

SMALL: dict[str, dict[str, Scalar]] = {
    "stacked": {"trees": 5, "folds": 2, "leaves": 4},
    "lexical-lightgbm": {"trees": 5},
    "hashed-ngrams": {"bits": 12},
    "char-svm": {"features": 4096},
}
URLS = [f"site{n}.com/{'login/verify' if n % 2 else 'wiki/article'}/{n}" for n in range(300)]
LABELS = np.arange(300) % 2


@pytest.mark.parametrize("name", TEXT_CLASSIFIERS)
def test_an_estimator_of_the_catalogue_survives_its_package(name: str) -> None:
    candidate = Candidate(name="x", estimator=name, parameters=SMALL.get(name, {}))
    model = build(candidate, 1).fit(URLS, LABELS)

    content = dumps(model)
    loaded = loads(content)

    np.testing.assert_array_equal(loaded.predict_proba(URLS), model.predict_proba(URLS))
    assert dumps(loaded) == content


@pytest.mark.parametrize("name", [*REGRESSORS, *TABLE_CLASSIFIERS])
def test_an_estimator_of_tables_survives_its_package(name: str) -> None:
    if not installed(find(name)):
        pytest.skip(f"{find(name).library} is not installed")
    rows = np.column_stack([np.linspace(-1.0, 1.0, 300), np.arange(300) % 3])
    rows[::9, 0] = np.nan
    target = LABELS if name in TABLE_CLASSIFIERS else np.nan_to_num(rows[:, 0]) + LABELS
    parameters: dict[str, Scalar] = {"trees": 5} if "trees" in find(name).parameters else {}
    candidate = Candidate(name="x", estimator=name, parameters=parameters)
    model = build(candidate, 1, (0, 3)).fit(rows, target)

    content = dumps(model)
    loaded = loads(content)

    np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
    assert dumps(loaded) == content
