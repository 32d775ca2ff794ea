"""Tokens are NLTK's regular-expression tokens."""

from __future__ import annotations

from switchyard.text.tokens import NltkTokens


def test_runs_of_latin_letters_are_kept_with_their_case() -> None:
    assert NltkTokens().fit_transform(["PayPa1.com/Log-in?id=7", "ünder_x", ""]) == [
        "PayPa com Log in id",
        "nder x",
        "",
    ]


def test_another_pattern_finds_other_tokens() -> None:
    assert NltkTokens(pattern=r"\d+").transform(["a1/22"]) == ["1 22"]
