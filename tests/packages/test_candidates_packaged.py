"""Every estimator of the catalogue can be packaged and comes back the same."""

from __future__ import annotations

import numpy as np
import pytest

from switchyard.candidates.catalogue import TEXT_CLASSIFIERS, build
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
