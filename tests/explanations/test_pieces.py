"""Pieces cover a URL without overlap; shares of them lose nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.explanations.pieces import LARGEST, contributions, cut, shares

URLS = st.text("aZ09./?#%&=-_@:~[]", max_size=80)


@pytest.mark.parametrize(
    ("url", "pieces"),
    [
        ("paypa1-login.example/verify", ["paypa1", "-login", ".example", "/verify"]),
        ("a.com/x.php?id=7&to=b#/r", ["a", ".com", "/x", ".php", "?id", "=7", "&to", "=b", "#/r"]),
        ("a.com/caf%C3%A9s", ["a", ".com", "/caf%C3%A9s"]),
        ("[::1]/x", ["[::1]", "/x"]),
        ("a-/-b--", ["a-", "/-b--"]),
        ("/?", ["/?"]),
        ("", []),
    ],
)
def test_a_piece_is_a_word_with_the_marks_before_it(url: str, pieces: list[str]) -> None:
    assert [url[start:end] for start, end in cut(url)] == pieces


@settings(max_examples=200, deadline=None)
@given(url=URLS)
def test_pieces_cover_the_url_in_order(url: str) -> None:
    assert "".join(url[start:end] for start, end in cut(url)) == url
    assert all(start < end for start, end in cut(url))


def test_a_span_is_shared_out_evenly_among_its_characters() -> None:
    pieces = [(0, 2), (2, 6)]
    spans = np.array([[0, 4], [1, 2], [2, 6]])

    found = shares(pieces, spans, np.array([4.0, 1.0, -3.0]))

    assert found.tolist() == [2.0 + 1.0, 2.0 - 3.0]


def test_a_piece_that_no_span_touches_gets_exactly_nothing() -> None:
    found = shares([(0, 2), (2, 4)], np.array([[0, 2]]), np.array([0.1]))

    assert found.tolist() == [0.1, 0.0]


def test_of_many_pieces_the_smaller_are_told_as_one() -> None:
    url = "/".join(f"w{at:02}" for at in range(LARGEST + 5))
    spans = np.array(cut(url))
    amounts = np.linspace(1.0, 2.0, len(spans))

    found = contributions(url, spans, amounts)

    assert len(found) == LARGEST + 1
    assert (found[-1].feature, found[-1].start) == ("5 smaller pieces", None)
    assert found[-1].contribution == pytest.approx(amounts[:5].sum())
    assert found[0].feature == "/w05"
