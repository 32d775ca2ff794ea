"""Fitting hands the groups to the models that use them and names what fails."""

from __future__ import annotations

import numpy as np
import pytest

from switchyard.candidates.fitting import fit
from switchyard.configuration.model import Candidate
from switchyard.errors import DataError, RequestError

URLS = [f"site{at % 12}.example/{'login' if at % 2 else 'news'}" for at in range(48)]
LABELS = np.arange(48) % 2
GROUPS = [url.split("/")[0] for url in URLS]


def test_a_model_that_takes_groups_is_given_them() -> None:
    candidate = Candidate(name="grams", estimator="char-svm", parameters={"features": 1024})

    together = fit(candidate, candidate.parameters, URLS, LABELS, GROUPS, 1)
    apart = fit(candidate, candidate.parameters, URLS, LABELS, None, 1)

    assert together[-1].slope_ != apart[-1].slope_


def test_the_given_parameters_replace_the_candidates_own() -> None:
    candidate = Candidate(name="words", estimator="stem-logistic", parameters={"C": 5.0})

    assert fit(candidate, {"C": 0.5}, URLS, LABELS, None, 1)[-1].C == 0.5


def test_a_parameter_that_the_estimator_refuses_is_named() -> None:
    candidate = Candidate(name="words", estimator="stem-logistic")

    with pytest.raises(RequestError, match="'words' with C=often could not be fitted") as caught:
        fit(candidate, {"C": "often"}, URLS, LABELS, None, 1)

    assert caught.value.__cause__ is not None


def test_bad_data_stay_a_data_error() -> None:
    with pytest.raises(DataError):
        fit(Candidate(name="w", estimator="stem-logistic"), {}, ["1", "2"], [0, 1], None, 1)
