from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from switchyard.capture.redaction import redact
from switchyard.urls.canonical import canonicalise

ALL = ("query", "userinfo", "path", "digits")
ASKED = st.sets(st.sampled_from(ALL), min_size=1)
SECRET = "zqsecretqz"
HOST = st.from_regex(r"[a-y]{1,9}(\.[a-y]{2,5}){1,2}", fullmatch=True)
START = st.sampled_from(
    ["", "//", "http:/", "http://", "http:///", " http://", "ht\ntps://", "HTTPS:\\\\", "hxxp://"]
)
WORD = st.text("abcxy%=._-~!@:;+&?#/\\ 0123456789é\t", max_size=12)


@pytest.mark.parametrize(
    ("url", "parts", "kept"),
    [
        ("https://user:pw@shop.example/a/b?x=1&y=#top", ["userinfo"], "https://*@shop.example/a/b?x=1&y="),
        ("https://shop.example/a/b.php?x=1&y=&token", ["query"], "https://shop.example/a/b.php?x=*&y=&*"),
        ("shop.example/#/reset/ab12", ["query"], "shop.example/#*"),
        ("http://shop.example/a//b.php?x=1", ["path"], "http://shop.example/*//*?x=1"),
        ("shop7.example:8080/a1?b=22", ["digits"], "shop0.example:0000/a0?b=00"),
        ("mailto:joe@shop.example", ["userinfo"], "*@shop.example"),
        ("my password: hunter2!", ["path"], "*"),
        ("shop.example", ["query", "path", "userinfo"], "shop.example"),
        ("HTTP://Shop.example/A", [], "HTTP://Shop.example/A"),
    ],
)  # fmt: skip
def test_what_is_masked(url: str, parts: list[str], kept: str) -> None:
    assert redact(url, parts) == kept


@settings(deadline=None)
@given(START, HOST, WORD, WORD)
def test_no_secret_of_the_userinfo_is_kept(start: str, host: str, left: str, right: str) -> None:
    for border in "/\\?#@":
        left, right = left.replace(border, ""), right.replace(border, "")
    kept = redact(f"{start}{left}{SECRET}{right}@{host}/p", ["userinfo"])
    assert SECRET not in kept.lower()


@settings(deadline=None)
@given(START, HOST, WORD, WORD)
def test_no_secret_of_the_path_is_kept(start: str, host: str, left: str, right: str) -> None:
    for border in "?#":
        left = left.replace(border, "")
    assume("@" not in left + right)
    kept = redact(f"{start}{host}/{left}{SECRET}{right}", ["path"])
    assert SECRET not in kept.split("?")[0].split("#")[0].lower()


@settings(deadline=None)
@given(START, HOST, WORD, WORD)
def test_no_secret_value_of_the_query_is_kept(start: str, host: str, left: str, right: str) -> None:
    kept = redact(f"{start}{host}/p?k={left.replace('&', '')}{SECRET}{right}", ["query"])
    assume("=" not in right and "=" not in left)
    assert SECRET not in kept.lower()


@settings(deadline=None)
@given(HOST, WORD)
def test_a_fragment_is_masked_whole(host: str, fragment: str) -> None:
    kept = redact(f"http://{host}/p#/{SECRET}{fragment}", ["query"])
    assert SECRET not in kept


@settings(deadline=None)
@given(st.text(max_size=60), ASKED)
def test_no_digit_is_left_and_no_text_fails(text: str, parts: set[str]) -> None:
    kept = redact(text, parts | {"digits"})
    assert not re.search(r"[1-9]", kept)


@settings(deadline=None)
@given(HOST, st.text("abc/._", max_size=20), ASKED)
def test_the_host_and_the_number_of_segments_are_kept(
    host: str, path: str, parts: set[str]
) -> None:
    url = f"http://{host}/{path}"
    kept = redact(url, parts)
    assert canonicalise(kept).partition("/")[0] == canonicalise(url).partition("/")[0]
    assert kept.removeprefix("http://").count("/") == canonicalise(url).count("/")


@settings(deadline=None)
@given(START, HOST, WORD)
def test_what_is_not_masked_is_for_the_model_as_it_was(start: str, host: str, rest: str) -> None:
    url = f"{start}{host}/{rest}"
    canonical = canonicalise(url)
    assume(not re.search("[?#@]", canonical))
    assert canonicalise(redact(url, ["query", "userinfo"])) in (canonical, "*")
