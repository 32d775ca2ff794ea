"""Stop words come from the code and are dropped in any case."""

from __future__ import annotations

from switchyard.text.stopwords import ENGLISH, URL_BOILERPLATE, StopWords


def test_english_and_boilerplate_words_are_dropped_in_any_case() -> None:
    assert StopWords().fit_transform(["HTTP www The bank and index HTML"]) == ["bank"]


def test_each_list_can_be_left_out() -> None:
    text = ["www the bank"]

    assert StopWords(english=False).transform(text) == ["the bank"]
    assert StopWords(boilerplate=False).transform(text) == ["www bank"]


def test_further_words_can_be_named() -> None:
    assert StopWords(extra=("Bank",)).transform(["my bank login"]) == ["login"]


def test_the_lists_are_lower_case_and_without_repeats() -> None:
    words = [*ENGLISH, *URL_BOILERPLATE]

    assert len(set(words)) == len(words)
    assert all(word == word.lower() and word.isalpha() for word in words)
