"""A small fitted model of each estimator of the catalogue, as it comes out of its package."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from switchyard.configuration.model import Candidate, Data, Scalar
from switchyard.data.cleaning import clean
from switchyard.data.reading import RawFrame
from switchyard.samples.urls import generate
from tests.labels import PHISHING

SMALL: dict[str, dict[str, Scalar]] = {
    "stacked": {"trees": 40, "folds": 2, "leaves": 8},
    "lexical-lightgbm": {"trees": 40, "leaves": 8},
    "hashed-ngrams": {"bits": 14},
    "char-svm": {"features": 4096},
}
"""Small tables, so that features share buckets as they do in a large model."""

Models = Callable[[str], Any]


@pytest.fixture(scope="session")
def models() -> Models:
    """The model of an estimator, by its name; each is trained when it is first asked for."""
    from switchyard.candidates.fitting import fit
    from switchyard.packages.storage import dumps, loads

    rows = clean(RawFrame.of(generate(1_200, 5)), Data(), PHISHING).frame

    @cache
    def model(name: str) -> Any:
        candidate = Candidate(name=name, estimator=name, parameters=SMALL.get(name, {}))
        fitted = fit(candidate, {}, rows["url"], rows["label"].to_numpy(), rows["group"], 5)
        return loads(dumps(fitted))

    return model


@pytest.fixture(scope="session")
def urls() -> list[str]:
    """Generated URLs that no model here has learnt from."""
    return clean(RawFrame.of(generate(60, 99)), Data(), PHISHING).frame["url"].tolist()
