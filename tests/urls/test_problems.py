"""Rows that cannot be URLs are named, and only those."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.urls.bulk import canonicalise_all
from switchyard.urls.problems import _HOSTED, NO_HOST, _is_hosted, problem, problems


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("example.com", None),
        ("http://192.0.2.1:6892/a", None),
        ("http://3221226219/login", None),
        ("0xC0000201/a", None),
        ("http://[2001:db8::1]/", None),
        ("http://localhost:3000", None),
        ("bücher.example", None),
        ("name@example.com", None),
        ("exam\nple.com", None),
        ("", "empty"),
        ("http:// /", "empty"),
        ("ver=10305", "no host"),
        ("?guid=x", "no host"),
        ("hello", "no host"),
        ("PK\x03\x04", "not text: control characters"),
        ("a.com/" + "x" * 100, "longer than 100 characters"),
    ],
)
def test_problem(url: str, expected: str | None) -> None:
    assert problem(url, 100) == expected


@given(st.lists(st.text() | st.sampled_from(["a.com", "x" * 21, "é.com/" + "é" * 14, "\x01", "1"])))
def test_problems_in_bulk_are_the_same(urls: list[str]) -> None:
    expected = [problem(url, 20) for url in urls]
    assert problems(urls, 20).to_pylist() == expected
    assert problems(urls, 20, canonicalise_all(urls)).to_pylist() == expected


@pytest.mark.data
def test_few_real_rows_are_rejected(real_data: Path) -> None:
    urls = pd.read_csv(real_data / "phishing_site_urls.csv.gz")["URL"]
    rejected = len(urls) - problems(urls, 8192).null_count
    assert 0 < rejected < 0.001 * len(urls)


@given(
    st.text(alphabet="a0.:/?#@[]x-é", max_size=30)
    | st.sampled_from(["localhost", "0x1f", "127.1:80", "u@h.c", "@", "a.", ".a", "a@b@c.d/e"])
)
def test_the_quick_look_for_a_host_is_that_of_the_pattern(text: str) -> None:
    assert _is_hosted(text) is (re.match(_HOSTED, text) is not None)


@pytest.mark.parametrize("text", ["a." * 4_000 + "@", "é" * 8_192, "1" * 8_000 + "@"])
def test_a_host_that_is_not_there_is_missed_in_linear_time(text: str) -> None:
    """A pattern that goes back over the text would take minutes."""
    assert problem(text, 8_192) == NO_HOST
