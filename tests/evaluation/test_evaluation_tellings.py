"""What a model goes by is found, whatever the model is."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from switchyard.evaluation.tellings import telling_tokens, without

URLS = [f"site{n}.example.com/{'login' if n % 2 else 'wiki'}/page{n}" for n in range(200)]
LABELS = [n % 2 for n in range(200)]


class Looks:
    """A model that looks for one word."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def predict_proba(self, urls: Any) -> np.ndarray:
        time.sleep(self.seconds)
        positive = np.array([0.9 if "login" in url else 0.1 for url in urls])
        return np.column_stack([1 - positive, positive])


def test_removing_finds_the_word_and_its_log_odds() -> None:
    telling = telling_tokens(Looks(), URLS)

    first = telling.positive[0]
    assert (first.token, first.urls) == ("login", 100)
    np.testing.assert_allclose(first.weight, np.log(9) * 2, rtol=1e-9)
    assert len(telling.positive) == 1
    assert telling.negative == ()
    assert "cut out" in telling.method


def test_linear_models_tell_their_own_weights() -> None:
    for last in (LogisticRegression(), MultinomialNB()):
        model = make_pipeline(CountVectorizer(), last).fit(URLS, LABELS)

        telling = telling_tokens(model, URLS)

        assert telling.positive[0].token == "login"
        assert telling.negative[0].token == "wiki"
        assert "own weight" in telling.method


def test_a_slow_model_is_stopped_by_the_budget() -> None:
    began = time.monotonic()

    telling_tokens(Looks(seconds=0.3), URLS, seconds=0.0)

    assert time.monotonic() - began < 0.3


def test_only_whole_tokens_are_cut_out() -> None:
    assert without("com.example.com/commerce?x=COM", "com") == ".example./commerce?x="


def test_a_few_urls_are_enough_to_ask() -> None:
    assert telling_tokens(Looks(), ["a.com/login"]).positive == ()
