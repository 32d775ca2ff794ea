"""Lexical numbers: named, finite, and what they say they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.urls.lexical import LEXICAL_NAMES, lexical_features


def described(url: str) -> dict[str, float]:
    return dict(zip(LEXICAL_NAMES, lexical_features([url])[0].tolist(), strict=True))


def test_names_are_distinct_and_match_the_width() -> None:
    numbers = lexical_features(["example.com", "a.org/b"])
    assert numbers.shape == (2, len(LEXICAL_NAMES))
    assert numbers.dtype == np.float32
    assert len(set(LEXICAL_NAMES)) == len(LEXICAL_NAMES)


def test_no_rows_give_no_rows() -> None:
    assert lexical_features([]).shape == (0, len(LEXICAL_NAMES))


EXPECTED: dict[str, dict[str, float]] = {
    "http://www.aab1.co.uk/": {
        "url_length": 10, "host_length": 10, "host_digits": 1, "host_letters": 7, "host_dots": 2,
        "host_digit_share": 0.1, "host_repeat_run": 2, "host_switches": 1, "host_tokens": 3,
        "host_longest_token": 4, "host_consonant_run": 1, "labels": 3, "core_length": 4,
        "core_digits": 1, "core_entropy": 1.5, "subdomain_length": 0, "tld_length": 2,
        "tld_country": 1, "suffix_two_labels": 1, "bare_host": 1, "depth": 0, "path_length": 0,
    },
    "https://user@paypal.com.secure-login.evil.tk:8080/A%20b//x.PHP?q=1&r=2#/go": {
        "userinfo": 1, "has_port": 1, "labels": 5, "core_length": 4, "subdomain_length": 23,
        "tld_abused": 1, "tld_country": 1, "tld_common": 0, "brands_host": 1,
        "credentials_host": 3, "capitals": 4, "escapes": 1, "ats": 1, "equals": 2,
        "ampersands": 1, "slashes": 4, "query_length": 7, "fragment_length": 3, "parameters": 2,
        "depth": 3, "first_segment_length": 5, "last_segment_length": 5, "longest_segment": 5,
        "double_slash": 1, "extension_script": 1, "has_extension": 1, "bare_host": 0,
    },
    "http://192.0.2.17/wp-content/deadbeef42/http://www.apple.com/setup.exe": {
        "ip_host": 1, "labels": 4, "tld_length": 0, "host_digits": 7, "host_digit_run": 3,
        "embedded_scheme": 1, "embedded_www": 1, "brands_path": 1, "site_path": 1,
        "extension_program": 1, "path_hex_run": 10, "double_slash": 1, "path_digit_run": 2,
    },
    "someone.weebly.com/index.html": {
        "free_host": 1, "shortener": 0, "tld_common": 1, "extension_page": 1, "extension_script": 0,
    },
    "bit.ly/abc": {"shortener": 1, "free_host": 0, "has_extension": 0, "core_length": 3},
    "bücher.example/a.pdf": {"punycode": 1, "extension_media": 1, "core_hyphens": 3},
    "": {"url_length": 0, "labels": 0, "bare_host": 1, "host_entropy": 0, "path_vowel_share": 0},
}  # fmt: skip


@pytest.mark.parametrize("url", EXPECTED)
def test_hand_computed_values(url: str) -> None:
    numbers = described(url)
    wanted = EXPECTED[url]
    assert {name: numbers[name] for name in wanted} == pytest.approx(wanted)


def test_entropy_is_bits_a_character() -> None:
    numbers = described("abcd.efg/aabb")
    assert numbers["host_entropy"] == pytest.approx(3.0)
    assert numbers["path_entropy"] == pytest.approx(
        -(2 * 0.4 * np.log2(0.4) + 0.2 * np.log2(0.2)), rel=1e-6
    )


def test_how_it_was_pasted_does_not_matter() -> None:
    pasted = ["evil.tk/a", "HTTPS://WWW.EVIL.TK:443/a/", " http://evil.tk/%61 "]
    numbers = lexical_features(pasted)
    assert (numbers == numbers[0]).all()


texts = st.text() | st.lists(
    st.sampled_from(
        ["a", "Z1", ".", "/", "?", "#/", "%41", "@", ":", "-", "login", "é", "xn--", "é."]
    )
).map("".join)


@given(st.lists(texts, max_size=8))
def test_batch_equals_one_by_one_and_is_finite(urls: list[str]) -> None:
    numbers = lexical_features(urls)
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()
    for row, url in enumerate(urls):
        assert (numbers[row] == lexical_features([url])[0]).all()


def test_a_megabyte_is_described() -> None:
    assert described("a.com/" + "x1" * 500_000)["path_switches"] == 999_999
