"""Stems are NLTK's, whatever the shortcut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.stem.snowball import EnglishStemmer, SnowballStemmer

from switchyard.text.stems import ENDINGS, MEMO_LENGTH, SnowballStems, remembered, stem

NLTK = SnowballStemmer("english").stem
SUFFIXES = sorted(
    {
        suffix
        for step in ("0", "1a", "1b", "2", "3", "4", "5")
        for suffix in getattr(EnglishStemmer, f"_EnglishStemmer__step{step}_suffixes")
    }
    | {"y"}
)


def test_every_suffix_of_the_installed_stemmer_is_one_we_send_to_it() -> None:
    letters_only = [suffix for suffix in SUFFIXES if suffix.isalpha()]

    assert len(letters_only) > 50
    assert [suffix for suffix in letters_only if not suffix.endswith(ENDINGS)] == []


def test_the_installed_stemmers_special_words_keep_their_stems() -> None:
    special = EnglishStemmer._EnglishStemmer__special_words

    assert {word: stem(word) for word in special} == special


@pytest.mark.parametrize("word", ["Running", "RELATIONAL", "dogs'", "don’t", "’tis", "yes", "by"])
def test_case_and_apostrophes_are_treated_as_nltk_does(word: str) -> None:
    assert stem(word) == NLTK(word)


@settings(max_examples=300, deadline=None)
@given(st.text("aeiouybglnrstz", max_size=9), st.sampled_from(["", *SUFFIXES]))
def test_any_word_has_nltks_stem(start: str, suffix: str) -> None:
    word = start + suffix

    assert stem(word) == NLTK(word)


def test_very_long_words_are_not_remembered() -> None:
    before = remembered.cache_info().currsize

    stem("x" * MEMO_LENGTH + "ing")

    assert remembered.cache_info().currsize == before


def test_each_word_of_a_text_is_stemmed() -> None:
    assert SnowballStems().fit_transform(["Verify accounts", ""]) == ["verifi account", ""]
