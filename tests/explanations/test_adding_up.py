"""Whatever the estimator and the URL: base and contributions add up to the score's log-odds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from switchyard.candidates.catalogue import TEXT_CLASSIFIERS
from switchyard.explanations.explaining import Explanation, explain
from switchyard.urls.canonical import canonicalise
from tests.explanations.conftest import Models

ODD = [
    *("", " ", "a", "/", ".", "a/", "#", "?", "\x00", "a#/route", "user@host.example", "[::1]/x"),
    *("ü" * 300, "http://", "x" * 20_000, "🦊.example/☃?q=%F0%9F", "%zz", "a/" * 3_000),
    *("1a" * 1500, "." * 500, "-.-/-.-", "http://10.0.0.1:8080/?a=b&c=d", "a.b/" + "%41%FF" * 900),
]
TEXTS = st.one_of(
    st.text(max_size=120),
    st.text("aZ09./?#%&=-_@:~", max_size=120),
    st.from_regex(
        r"[a-z0-9-]{1,12}(\.[a-z]{2,6}){1,3}(/[a-zA-Z0-9._%-]{0,9}){0,4}", fullmatch=True
    ),
)


def total(each: Explanation) -> float:
    return each.base + sum(one.contribution for one in each.contributions)


@pytest.fixture(scope="module", params=TEXT_CLASSIFIERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_sum_is_the_margin_and_the_margin_the_score(
    models: Models, name: str, urls: list[str]
) -> None:
    scores = models(name).predict_proba(urls)[:, 1]

    found = explain(models(name), urls)

    margins = np.array([each.margin for each in found])
    np.testing.assert_allclose([total(each) for each in found], margins, rtol=1e-6)
    np.testing.assert_allclose(margins, logit(scores), rtol=1e-6)


def test_odd_texts_add_up_too(models: Models, name: str) -> None:
    scores = models(name).predict_proba(ODD)[:, 1]

    found = explain(models(name), ODD)

    for each, score in zip(found, scores, strict=True):
        assert total(each) == pytest.approx(each.margin, rel=1e-6, abs=1e-12)
        assert expit(each.margin) == pytest.approx(score, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_any_text_adds_up(models: Models, name: str, texts: list[str]) -> None:
    scores = models(name).predict_proba(texts)[:, 1]

    found = explain(models(name), texts)

    for each, text, score in zip(found, texts, scores, strict=True):
        assert each.text == canonicalise(text)
        assert total(each) == pytest.approx(each.margin, rel=1e-6, abs=1e-12)
        assert expit(each.margin) == pytest.approx(score, rel=1e-6)


def test_contributions_are_in_order_without_zeros(
    models: Models, name: str, urls: list[str]
) -> None:
    for each in explain(models(name), urls):
        sizes = [abs(one.contribution) for one in each.contributions]
        assert sizes == sorted(sizes, reverse=True)
        assert all(size > 0 for size in sizes)


def test_places_lie_in_the_text_and_values_are_plain(
    models: Models, name: str, urls: list[str]
) -> None:
    for each in explain(models(name), urls):
        assert each.text is not None
        for one in each.contributions:
            assert (one.start is None) == (one.end is None)
            if one.start is not None and one.end is not None:
                assert 0 <= one.start < one.end <= len(each.text)
            assert one.value is None or type(one.value) in (int, float, str)
            assert not isinstance(one.value, float) or math.isfinite(one.value)


def test_alone_and_among_others_a_url_has_one_explanation(
    models: Models, name: str, urls: list[str]
) -> None:
    assert explain(models(name), urls[:1]) == explain(models(name), urls)[:1]
