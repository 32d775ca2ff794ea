"""StemCounts equals the plain NLTK loop with CountVectorizer, and remembers within bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.stem.snowball import SnowballStemmer
from nltk.tokenize import RegexpTokenizer
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

import switchyard.text.counts as counts
from switchyard.errors import DataError
from switchyard.text.counts import StemCounts
from switchyard.text.stems import SnowballStems
from switchyard.text.stopwords import StopWords
from switchyard.text.tokens import NltkTokens

URLS = [
    "http://www.PayPal.com.verify-accounts.example/Login?user=1&session=aaaa",
    "nobell.it/70ffb52d079109dca5664cce6f317373782/login.SkyPe.com/en/cgi-bin/verification",
    "running.running/runs/x/y",
    "bücher.de/größe/naïve",
    "1.2.3.4/5",
    "",
    "a.b.c",
]


def recipe(urls: list[str]) -> list[str]:
    tokenize, stem = RegexpTokenizer(r"[A-Za-z]+").tokenize, SnowballStemmer("english").stem
    return [" ".join(map(stem, tokenize(url))) for url in urls]


def same(ours: Any, theirs: Any) -> bool:
    return bool(
        ours.shape == theirs.shape
        and ours.dtype == theirs.dtype
        and (ours != theirs).nnz == 0
        and ours.nnz == theirs.nnz
    )


def test_vocabulary_and_counts_are_those_of_the_recipe() -> None:
    vectorizer = CountVectorizer()
    expected = vectorizer.fit_transform(recipe(URLS))

    ours = StemCounts()

    assert same(ours.fit_transform(URLS), expected)
    assert ours.vocabulary_ == vectorizer.vocabulary_
    assert ours.get_feature_names_out().tolist() == vectorizer.get_feature_names_out().tolist()


@pytest.mark.parametrize("stop_words", [False, True])
def test_the_pieces_one_by_one_give_the_same_features(stop_words: bool) -> None:
    dropping = [StopWords()] if stop_words else []
    pieces = make_pipeline(NltkTokens(), *dropping, SnowballStems(), CountVectorizer())

    ours = StemCounts(stop_words=stop_words)

    assert same(ours.fit_transform(URLS), pieces.fit_transform(URLS))
    assert ours.vocabulary_ == pieces[-1].vocabulary_


def test_new_urls_are_counted_as_by_the_recipe_few_or_many() -> None:
    vectorizer = CountVectorizer().fit(recipe(URLS[:3]))
    ours = StemCounts().fit(URLS[:3])

    assert same(ours.transform(URLS), vectorizer.transform(recipe(URLS)))
    many = URLS * counts.FEW_ROWS
    assert same(ours.transform(many), vectorizer.transform(recipe(many)))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("aeistnglyS./é 7", max_size=12), max_size=8))
def test_any_texts_are_counted_as_by_the_recipe(texts: list[str]) -> None:
    texts = [*texts, "anchor"]
    expected = CountVectorizer().fit_transform(recipe(texts))

    ours = StemCounts().fit(texts)

    assert same(StemCounts().fit_transform(texts), expected)
    assert same(ours.transform(texts), expected)
    assert same(ours.transform(np.array(texts, dtype=object)), expected)


@pytest.mark.data
def test_real_urls_are_counted_as_by_the_recipe(real_data: Path) -> None:
    urls = pd.read_csv(real_data / "phishing_site_urls.csv.gz")["URL"].tolist()[::40]
    vectorizer = CountVectorizer()
    expected = vectorizer.fit_transform(recipe(urls))

    ours = StemCounts()

    assert same(ours.fit_transform(urls), expected)
    assert ours.vocabulary_ == vectorizer.vocabulary_


def test_stop_words_are_dropped_when_asked_for() -> None:
    ours = StemCounts(stop_words=True).fit(["http://www.bank.com/the/accounts"])

    assert list(ours.vocabulary_) == ["account", "bank"]
    assert ours.transform(["www.bank.com"]).sum() == 1
    assert ours.transform(["www.bank.com"] * 100).sum() == 100


def test_texts_without_a_word_are_refused_when_learning() -> None:
    with pytest.raises(DataError, match="no word in 2 texts"):
        StemCounts().fit(["1.2.3.4", "a"])


def test_no_rows_give_an_empty_table() -> None:
    ours = StemCounts().fit(URLS)

    assert ours.transform([]).shape == (0, len(ours.vocabulary_))
    assert ours.transform(pd.Series([], dtype=object)).shape == (0, len(ours.vocabulary_))


def test_transform_before_fit_is_refused() -> None:
    with pytest.raises(NotFittedError):
        StemCounts().transform(URLS)


def test_the_saved_model_is_plain_data_and_counts_the_same() -> None:
    ours = StemCounts().fit(URLS)
    ours.transform(URLS)

    saved = skops.io.dumps(ours)

    assert skops.io.get_untrusted_types(data=saved) == ["switchyard.text.counts.StemCounts"]
    loaded = skops.io.loads(saved, trusted=["switchyard.text.counts.StemCounts"])
    assert same(loaded.transform(URLS), ours.transform(URLS))


def test_what_was_remembered_is_not_saved() -> None:
    ours = StemCounts().fit(URLS)
    before = ours.__getstate__()

    ours.transform(["never.seen/before/anywhere"])

    after = ours.__getstate__()
    assert set(after) == set(before) >= {"stop_words", "terms_"}
    assert "_columns" not in after


def test_the_memory_of_a_long_running_service_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MEMO_TOKENS", 50)
    ours = StemCounts().fit(URLS)
    words = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(100, 900)]

    for word in words:
        ours.transform([word])
    ours.transform(["z" * 10_000])

    assert len(ours._columns._memo) <= 50
    assert all(len(token) <= 64 for token in ours._columns._memo)


def test_a_clone_is_unfitted_with_the_same_parameters() -> None:
    copy = clone(StemCounts(stop_words=True).fit(URLS))

    assert copy.stop_words is True
    assert not hasattr(copy, "terms_")
