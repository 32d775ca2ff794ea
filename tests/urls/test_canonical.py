"""Canonical form: how a URL was pasted must not decide."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.urls.canonical import canonicalise, scheme_of

FRAGMENTS = (
    *("www.", "http://", "hxxps://", "/", "//", "\\", "\\%", "%", "%41", "%2f", "%7e", "%C3%A9"),
    *("%zz", "%25", "&", "amp;", "&amp;", "&lt;", "&#", "38;", "&#x41;", ";", "#", "#/", "#x", "."),
    *("..", ":", ":80", ":443", ":8080", "@", "?", "=", "[.]", "[", "]", " ", "\t", "\n", "\x00"),
    *('"', "'", "<", ">", "é", "。", "ｗ", "❤", "İ", "\u200b", "\ud800", "xn--", "evil.com", "a1"),
)
texts = st.text() | st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True)
hosts = st.lists(labels, min_size=2, max_size=4).map(".".join)
tails = st.from_regex(
    r"(/[A-Za-z0-9._~%20-]{0,8}){0,4}(\?[a-z]=[A-Za-z0-9+&=;,:@/]{0,12})?(#[a-z/!]{0,5})?",
    fullmatch=True,
)


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        ("example.com", "example.com"),
        ("HTTP://WWW.Example.COM/", "example.com"),
        ("https://www.www.example.com//", "example.com"),
        ("  <http://example.com/a> ", "example.com/a"),
        ("http://example.com/Path/File.PHP", "example.com/Path/File.PHP"),
        ("ftp://example.com/a", "example.com/a"),
        ("//example.com/a", "example.com/a"),
        ("http://example.com:80/a", "example.com/a"),
        ("https://example.com:443", "example.com"),
        ("http://example.com:8080/a", "example.com:8080/a"),
        ("http://example.com./a", "example.com/a"),
        ("http://user:Pass@Example.com/a", "user:Pass@example.com/a"),
        ("example.com/%7euser/%3f%c3%a9", "example.com/~user/%3F%C3%A9"),
        ("example.com/é", "example.com/%C3%A9"),
        ("example.com/100%", "example.com/100%25"),
        ("example.com/a b", "example.com/a%20b"),
        ("exam\tple.com/\r\na\x00b", "example.com/ab"),
        ("example.com/?a=1&amp;b=2", "example.com/?a=1&b=2"),
        ("example.com/?a=1&amp;amp;amp;b=2", "example.com/?a=1&b=2"),
        ("example.com/?a=1&#38;b=2&#x26;c=3", "example.com/?a=1&b=2&c=3"),
        ("example.com/?a=1&copy=2&reg=3", "example.com/?a=1&copy=2&reg=3"),
        ("example.com/a#top", "example.com/a"),
        ("example.com/a#", "example.com/a"),
        ("example.com/#/login", "example.com/#/login"),
        ("example.com/#!page", "example.com/#!page"),
        ("example.com/a#me@example.org", "example.com/a#me@example.org"),
        ("http:\\\\example.com\\a", "example.com/a"),
        ("example.com/?a\\%3Db", "example.com/?a%3Db"),
        ("hxxps://example[.]com/a", "example.com/a"),
        ("hxxp[://]example[dot]com", "example.com"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://BÜCHER.example/", "xn--bcher-kva.example"),
        ("http://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("http://i❤.ws/", "xn--i-7iq.ws"),
        ("ｗｗｗ。example。com", "example.com"),
        ("http://[2001:DB8::1]:80/a", "[2001:db8::1]/a"),
        ("\ud83d\ude00.example", "xn--e28h.example"),
        ("example.com/\ud800", "example.com/%EF%BF%BD"),
        ("", ""),
        (" \x00\n", ""),
        ("http://", ""),
    ],
)
def test_canonical_form(pasted: str, expected: str) -> None:
    assert canonicalise(pasted) == expected


@given(texts)
def test_canonical_form_is_idempotent_and_ascii(text: str) -> None:
    canonical = canonicalise(text)
    assert canonicalise(canonical) == canonical
    assert canonical.isascii()
    assert not any(character.isspace() for character in canonical)


@given(texts, st.sampled_from(["http://", "https://", "https://www.", "HTTP://WWW.", "//", "  "]))
def test_what_is_pasted_before_does_not_matter(text: str, before: str) -> None:
    assert canonicalise(before + text) == canonicalise(text)


@given(hosts, tails)
def test_spelling_of_the_same_address_does_not_matter(host: str, tail: str) -> None:
    canonical = canonicalise(host + tail)
    for other in (
        host.upper() + tail,
        f"http://{host}{tail}",
        f"https://www.{host}{tail}",
        f"http://{host}:80{tail}",
        f"https://{host}:443{tail}",
        f"http://{host}.{tail}",
        f"{host}{tail}/",
        f" {host}{tail}\n",
        f'"{host}{tail}"',
        f"{host}{tail}".replace("&", "&amp;"),
    ):
        assert canonicalise(other) == canonical, other


def test_different_addresses_stay_different() -> None:
    distinct = [
        "a.com",
        "a.com/b",
        "a.com/B",
        "a.com/?b",
        "a.com:81",
        "u@a.com",
        "a.com/%2F",
        "b.a.com",
    ]
    assert len({canonicalise(url) for url in distinct}) == len(distinct)


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        ("http://a.com", "http"),
        (" HTTPS://a.com", "https"),
        ("hxxps[:]//a.com", "https"),
        ("ftp://a.com", "other"),
        ("a.com", "none"),
        ("a.com/http://b.com", "none"),
        ("a.com:80", "none"),
        ("", "none"),
    ],
)
def test_scheme(pasted: str, expected: str) -> None:
    assert scheme_of(pasted) == expected


@pytest.mark.parametrize(
    "hostile",
    [
        "&amp;" * 50_000,
        "&#38;#38;" * 25_000,
        "&" + "&#97;mp;" * 25_000,
        "[" * 125_000 + "." + "]" * 125_000,
        "." * 250_000 + "a",
        "a" + ":80" * 75_000,
        "..//" * 60_000 + "a",
        "http://www." * 22_000,
        "é" * 125_000,
        "%" * 250_000,
        "'\"" * 125_000 + "a",
        "h" * 250_000,
        "#" * 250_000,
        "a#" + "x" * 250_000 + "!",
        "\\%" * 125_000,
        "@" * 250_000,
        "a" + " /" * 125_000 + "b",
    ],
)
def test_hostile_text_takes_no_more_than_linear_time(hostile: str) -> None:
    started = time.perf_counter()
    canonical = canonicalise(hostile)
    assert time.perf_counter() - started < 5
    assert canonicalise(canonical) == canonical


def test_importing_the_module_does_not_import_the_compiler() -> None:
    program = (
        "import sys, switchyard.urls.canonical; "
        "print('numba' in sys.modules, 'pyarrow' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["False", "False"]
