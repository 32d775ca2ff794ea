"""The catalogue builds what a candidate names, and names the nearest to what it does not know."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import clone

from switchyard.candidates.catalogue import TEXT_CLASSIFIERS, build, nested
from switchyard.configuration.model import Candidate, Scalar
from switchyard.errors import RequestError

SMALL: dict[str, dict[str, Scalar]] = {
    "char-svm": {"features": 4096},
    "lexical-lightgbm": {"trees": 10},
    "stacked": {"trees": 20, "folds": 2, "min_rows": 2},
}
GOOD = [f"www.shop{word}.example/{word}/items" for word in ("red", "blue", "green", "tea", "pen")]
BAD = [
    f"http://login-{word}.test/verify/account" for word in ("red", "blue", "green", "tea", "pen")
]
URLS = [*(GOOD * 8), *(BAD * 8)]
LABELS = np.repeat([0, 1], 40)


@pytest.fixture(scope="module", params=sorted(TEXT_CLASSIFIERS))
def fitted(request: pytest.FixtureRequest) -> Any:
    name = request.param
    candidate = Candidate(name="one", estimator=name, parameters=SMALL.get(name, {}))
    return build(candidate, 1).fit(URLS, LABELS)


def test_each_estimator_takes_urls_and_gives_two_probabilities(fitted: Any) -> None:
    found = fitted.predict_proba(URLS)

    assert found.shape == (80, 2)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)
    assert (found[40:, 1].mean() - found[:40, 1].mean()) > 0.2


def test_how_a_url_was_pasted_changes_no_probability(fitted: Any) -> None:
    plain = fitted.predict_proba(["login-red.test/verify"])

    for pasted in ("https://login-red.test/verify", "HTTP://WWW.LOGIN-RED.TEST/verify/"):
        np.testing.assert_array_equal(fitted.predict_proba([pasted]), plain)


def test_each_fitted_estimator_is_saved_without_foreign_types(fitted: Any) -> None:
    saved = skops.io.dumps(fitted)

    strange = skops.io.get_untrusted_types(data=saved)

    assert [name for name in strange if not name.startswith("switchyard.")] == []
    loaded = skops.io.loads(saved, trusted=strange)
    np.testing.assert_array_equal(loaded.predict_proba(URLS), fitted.predict_proba(URLS))


@pytest.mark.parametrize("name", sorted(TEXT_CLASSIFIERS))
def test_the_same_seed_fits_the_same_model(name: str) -> None:
    candidate = Candidate(name="one", estimator=name, parameters=SMALL.get(name, {}))

    first, second = (build(candidate, 3).fit(URLS, LABELS).predict_proba(URLS) for _ in "ab")

    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", sorted(TEXT_CLASSIFIERS))
def test_every_listed_parameter_reaches_the_estimator(name: str) -> None:
    entry = TEXT_CLASSIFIERS[name]
    estimator = entry.make(0)

    known = estimator.get_params()

    assert entry.description
    assert entry.parameters
    assert set(entry.parameters.values()) <= set(known)
    clone(estimator)


def test_a_parameter_sets_the_nested_one() -> None:
    candidate = Candidate(name="lr", estimator="stem-logistic", parameters={"C": 0.5})

    assert build(candidate, 0).get_params()["model__C"] == 0.5


def test_an_unknown_estimator_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RequestError, match=r"'stem-logistik'.*did you mean 'stem-logistic'"):
        build(Candidate(name="x", estimator="stem-logistik"), 0)


def test_an_unknown_parameter_is_refused_with_the_nearest_name() -> None:
    candidate = Candidate(name="tree", estimator="lexical-lightgbm", parameters={"leafs": 3})

    with pytest.raises(RequestError, match=r"'tree'.*no parameter 'leafs'.*'leaves'"):
        build(candidate, 0)


def test_a_name_unlike_any_lists_what_there_is() -> None:
    with pytest.raises(RequestError, match="no parameter 'zzz': It knows C, class_weight"):
        nested(Candidate(name="lr", estimator="stem-logistic"), {"zzz": 1})


@pytest.mark.parametrize("name", ["hashed-ngrams", "stacked"])
def test_our_own_estimators_may_be_given_all_that_they_take(name: str) -> None:
    taken = set(TEXT_CLASSIFIERS[name].make(0).get_params(deep=False)) - {"random_state"}

    assert set(TEXT_CLASSIFIERS[name].parameters) == taken
