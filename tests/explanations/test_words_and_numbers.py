"""What the contributions of each kind of model are, against what the model itself holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from switchyard.explanations.explaining import Contribution, explain
from switchyard.explanations.margins import _places
from switchyard.explanations.places import places
from switchyard.models.evidence import EVIDENCE_NAMES
from switchyard.urls.lexical import LEXICAL_NAMES, lexical_features
from tests.explanations.conftest import Models

URL = "Login.example/Verify/login?verify=x"


def named(model: Any, url: str) -> dict[str, Contribution]:
    [made] = explain(model, [url])
    return {one.feature: one for one in made.contributions}


@pytest.mark.parametrize("name", ["stem-logistic", "stem-naive-bayes"])
def test_a_stem_has_its_count_and_its_first_place(models: Models, name: str) -> None:
    found = named(models(name), URL)

    assert (found["login"].value, found["login"].start, found["login"].end) == (2.0, 0, 5)
    assert (found["verifi"].value, found["verifi"].start, found["verifi"].end) == (2.0, 14, 20)


def test_a_stem_adds_its_weight_times_its_count(models: Models) -> None:
    model = models("stem-logistic")
    weight = model[-1].coef_[0, model[1].vocabulary_["login"]]

    assert named(model, URL)["login"].contribution == pytest.approx(2 * weight)


def test_words_that_the_model_does_not_know_are_not_told(models: Models) -> None:
    [made] = explain(models("stem-logistic"), ["qqqzzz.xqxqx"])

    assert made.contributions == ()
    assert made.base == made.margin


def test_the_bayes_base_is_the_prior(models: Models) -> None:
    model = models("stem-naive-bayes")
    prior = model[-1].class_log_prior_

    assert explain(model, [URL])[0].base == pytest.approx(prior[1] - prior[0])


def test_the_placed_n_grams_are_the_vectorisers(models: Models) -> None:
    grams = models("char-svm")[1]

    spans, columns = _places(grams, URL)

    assert [URL.lower()[start:end] for start, end in spans] == grams.build_analyzer()(URL)
    assert set(columns.tolist()) == set(grams.transform([URL]).indices.tolist())


@pytest.mark.parametrize("name", ["char-svm", "hashed-ngrams"])
def test_pieces_are_the_text_where_they_stand(models: Models, name: str) -> None:
    [made] = explain(models(name), [URL])

    assert made.text is not None
    placed = [one for one in made.contributions if one.start is not None]
    assert {one.feature for one in placed} >= {"login", ".example", "/Verify", "?verify"}
    assert all(one.feature == made.text[one.start : one.end] for one in placed)


def test_trees_tell_each_number_with_its_value(models: Models) -> None:
    found = named(models("lexical-lightgbm"), URL)

    values = dict(zip(LEXICAL_NAMES, lexical_features([URL])[0], strict=True))
    assert found
    assert all(np.float32(one.value) == values[name] for name, one in found.items())


def test_stacked_trees_tell_the_evidence_as_one_group(models: Models) -> None:
    found = named(models("stacked"), URL)

    evidence = {name.removeprefix("hashed n-grams: ") for name in found if ": " in name}
    assert evidence
    assert evidence <= set(EVIDENCE_NAMES)
    assert {name for name in found if ": " not in name} <= set(LEXICAL_NAMES)


def test_a_weight_of_one_word_is_told_at_that_word(models: Models) -> None:
    model = models("hashed-ngrams")
    blank = type(model)(**model.get_params())
    blank.classes_, blank.bias_ = model.classes_, np.array([0.25, 1.0])
    blank.weights_ = np.zeros_like(model.weights_)
    blank.sums_ = model.sums_
    seen = places("a.example/b/verify", len(blank.weights_), 2, 6)
    at = seen.spans.tolist().index([12, 18])
    blank.weights_[seen.found[at]] = 2.0

    [made] = explain(blank, ["a.example/b/verify"])

    [only] = made.contributions
    assert (made.base, only.feature, only.start, only.end) == (0.25, "/verify", 11, 18)
    assert only.contribution == pytest.approx(2.0 / np.sqrt(len(seen.spans) + 1))
