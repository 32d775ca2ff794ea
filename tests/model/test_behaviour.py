"""What a trained model must do, in the manner of CheckList: invariance, direction, the minimum."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from switchyard.candidates.catalogue import TEXT_CLASSIFIERS
from switchyard.candidates.fitting import fit
from switchyard.configuration.model import Candidate, Data, Split
from switchyard.data.cleaning import clean
from switchyard.data.reading import RawFrame
from switchyard.evaluation.metrics import auc
from switchyard.samples.urls import generate
from switchyard.split import split
from tests.labels import PHISHING


@pytest.fixture(scope="module")
def rows() -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = clean(RawFrame.of(generate(4_000, 11)), Data(), PHISHING).frame
    parts = split(frame, Split(), 42)
    return frame.iloc[parts.train], frame.iloc[parts.holdout]


@pytest.fixture(scope="module", params=TEXT_CLASSIFIERS)
def model(request: pytest.FixtureRequest, rows: tuple[pd.DataFrame, pd.DataFrame]) -> BaseEstimator:
    name = str(request.param)
    train = rows[0]
    candidate = Candidate(name="candidate", estimator=name)
    return fit(candidate, {}, train["url"], train["label"].to_numpy(), train["group"], 42)


def scores(model: BaseEstimator, urls: list[str]) -> np.ndarray:
    found: np.ndarray = model.predict_proba(urls)[:, 1]
    return found


def test_unseen_domains_are_told_apart(
    model: BaseEstimator, rows: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    holdout = rows[1]

    assert auc(holdout["label"].to_numpy(), scores(model, holdout["url"].tolist())) > 0.9


def test_how_an_address_was_pasted_changes_nothing(
    model: BaseEstimator, rows: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    urls = rows[1]["url"].head(300).tolist()
    plain = scores(model, urls)

    for pasted in ("http://{}", "https://{}", "https://www.{}", " {} ", "{}#top"):
        np.testing.assert_array_equal(scores(model, [pasted.format(url) for url in urls]), plain)


def test_one_by_one_and_in_bulk_give_the_same(
    model: BaseEstimator, rows: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    urls = rows[1]["url"].head(40).tolist()

    single = np.array([scores(model, [url])[0] for url in urls])

    np.testing.assert_allclose(single, scores(model, urls), rtol=0, atol=1e-9)


def test_signs_of_phishing_raise_the_score(
    model: BaseEstimator, rows: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    holdout = rows[1]
    benign = holdout.loc[holdout["label"] == 0, "url"].head(200).tolist()

    before = scores(model, benign)
    after = scores(
        model, [f"{url.split('/')[0]}/secure/login/verify-account.php" for url in benign]
    )

    assert np.median(after) > np.median(before)


def test_any_text_gets_a_probability(model: BaseEstimator) -> None:
    odd = ["", " ", "a", "\x00", "ü" * 300, "http://", "x" * 20_000, "🦊.example/☃?q=%F0%9F"]

    found = scores(model, odd)

    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()
