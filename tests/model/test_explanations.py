"""What a trained model must give as its reasons: direction and invariance, as in CheckList."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from switchyard.candidates.catalogue import TEXT_CLASSIFIERS
from switchyard.candidates.fitting import fit
from switchyard.configuration.model import Candidate, Data, Split
from switchyard.data.cleaning import clean
from switchyard.data.reading import RawFrame
from switchyard.explanations.explaining import Explanation, explain
from switchyard.samples.urls import generate
from switchyard.split import split
from tests.labels import PHISHING

PLACED = ("stem-logistic", "stem-naive-bayes", "char-svm", "hashed-ngrams")
"""Those whose contributions stand in the text."""

BAIT_HOST = "paypal-login-verify"
BAIT_PATH = "/secure/login/verify-account.php"
PLAIN_PATH = "/garden/paper/forest-letters.php"
"""Of the same shape, so that only the words differ."""

EVIDENCE = "hashed n-grams: "


class Trained:
    """Models of 4,000 generated rows, each trained when it is first asked for; unseen URLs."""

    def __init__(self) -> None:
        frame = clean(RawFrame.of(generate(4_000, 11)), Data(), PHISHING).frame
        parts = split(frame, Split(), 42)
        self._train, held = frame.iloc[parts.train], frame.iloc[parts.holdout]
        self._models: dict[str, BaseEstimator] = {}
        self.benign = held.loc[held["label"] == 0, "url"].head(100).tolist()
        self.phishing = held.loc[held["label"] == 1, "url"].head(100).tolist()

    def explained(self, name: str, urls: list[str]) -> list[Explanation]:
        if name not in self._models:
            train, candidate = self._train, Candidate(name="candidate", estimator=name)
            labels = train["label"].to_numpy()
            self._models[name] = fit(candidate, {}, train["url"], labels, train["group"], 42)
        return explain(self._models[name], urls)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return Trained()


def within(each: Explanation, start: int, end: int) -> float:
    """What the contributions that begin in those characters of the text add up to."""
    return sum(
        one.contribution
        for one in each.contributions
        if one.start is not None and start <= one.start < end
    )


def in_the_path(each: Explanation) -> float:
    """What the contributions that begin after the host add up to."""
    assert each.text is not None
    return within(each, each.text.index("/"), len(each.text))


def named(found: list[Explanation], start: str) -> np.ndarray:
    """What the contributions whose names begin so add up to, for each explanation."""
    return np.array(
        [
            sum(one.contribution for one in each.contributions if one.feature.startswith(start))
            for each in found
        ]
    )


def sums(found: list[Explanation]) -> np.ndarray:
    return np.array([each.margin - each.base for each in found])


@pytest.mark.parametrize("name", TEXT_CLASSIFIERS)
def test_what_is_found_pulls_most_urls_to_their_class(trained: Trained, name: str) -> None:
    assert np.mean(sums(trained.explained(name, trained.phishing)) > 0) > 0.75
    assert np.mean(sums(trained.explained(name, trained.benign)) < 0) > 0.75


@pytest.mark.parametrize("name", PLACED)
def test_bait_in_the_host_is_what_raises_the_score(trained: Trained, name: str) -> None:
    baited = [f"{BAIT_HOST}.{url}" for url in trained.benign]

    before, after = trained.explained(name, trained.benign), trained.explained(name, baited)

    blamed = [within(each, 0, len(BAIT_HOST)) for each in after]
    assert np.mean(sums(after) > sums(before)) > 0.95
    assert np.mean(np.array(blamed) > 0) > 0.95


@pytest.mark.parametrize("name", PLACED)
def test_bait_in_the_path_is_what_raises_the_score(trained: Trained, name: str) -> None:
    hosts = [url.partition("/")[0] for url in trained.benign]

    before = trained.explained(name, [host + PLAIN_PATH for host in hosts])
    after = trained.explained(name, [host + BAIT_PATH for host in hosts])

    plain, blamed = (np.array([in_the_path(each) for each in found]) for found in (before, after))
    assert np.mean(sums(after) > sums(before)) > 0.95
    assert np.mean(blamed > plain) > 0.95


@pytest.mark.parametrize("name", PLACED)
def test_login_words_are_among_the_reasons(trained: Trained, name: str) -> None:
    hosts = [url.partition("/")[0] for url in trained.benign]

    found = trained.explained(name, [host + BAIT_PATH for host in hosts])

    reasons = [
        {one.feature.strip("/-.") for one in each.contributions if one.contribution > 0}
        for each in found
    ]
    assert (
        np.mean([bool({"login", "verify", "verifi", "secure"} & each) for each in reasons]) > 0.95
    )


def test_the_number_of_login_words_speaks_against_a_url(trained: Trained) -> None:
    hosts = [url.partition("/")[0] for url in trained.benign]

    found = trained.explained("lexical-lightgbm", [host + BAIT_PATH for host in hosts])

    assert np.mean(named(found, "credentials_path") > 0) > 0.95


def test_bait_raises_what_the_stacked_model_is_told_by_the_fast_one(trained: Trained) -> None:
    hosts = [url.partition("/")[0] for url in trained.benign]

    before = trained.explained("stacked", [host + PLAIN_PATH for host in hosts])
    after = trained.explained("stacked", [host + BAIT_PATH for host in hosts])

    assert np.median(named(after, EVIDENCE)) > np.median(named(before, EVIDENCE)) + 0.5


def test_evidence_of_the_fast_model_leads_the_stacked_one(trained: Trained) -> None:
    found = trained.explained("stacked", trained.phishing)

    led = [each.contributions[0].feature.startswith(EVIDENCE) for each in found]
    assert np.mean(led) > 0.8


@pytest.mark.parametrize("name", TEXT_CLASSIFIERS)
def test_how_an_address_was_pasted_changes_no_explanation(trained: Trained, name: str) -> None:
    urls = trained.phishing[:30]
    plain = trained.explained(name, urls)

    assert trained.explained(name, [f"https://www.{url}/" for url in urls]) == plain
