"""Registered domains: one owner, one group."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.urls.domains import host_of, hosts_of, registered_domain, registered_domains


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.example.com/a", "example.com"),
        ("a.b.example.co.uk:8080/x", "example.co.uk"),
        ("paypal.com@evil.example.org/", "example.org"),
        ("someone.github.io/page", "github.io"),
        ("http://192.0.2.1:6892/a", "192.0.2.1"),
        ("0xc0000201/a", "0xc0000201"),
        ("http://[2001:db8::1]:80/", "[2001:db8::1]"),
        ("localhost:3000", "localhost"),
        ("co.uk", "co.uk"),
        ("a.b.c.onion", "c.onion"),
        ("ein.bücher.de", "xn--bcher-kva.de"),
        ("", ""),
    ],
)
def test_registered_domain(url: str, expected: str) -> None:
    assert registered_domain(url) == expected


odd = st.lists(
    st.sampled_from(
        ["a", "b.", ".", "co.uk", "com", "1", "9.", ":", ":80", ":81", "@", "/", "?", "#", "[", "]"]
    ),
    max_size=8,
).map("".join)


@given(st.lists(st.text() | odd))
def test_bulk_is_the_same(urls: list[str]) -> None:
    assert hosts_of(urls).to_pylist() == [host_of(url) for url in urls]
    assert registered_domains(urls).to_pylist() == [registered_domain(url) for url in urls]


def test_looking_up_needs_neither_network_nor_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    from switchyard.urls import domains

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    domains._extractor.cache_clear()
    assert registered_domain("www.example.co.jp") == "example.co.jp"
    assert not domains._extractor()._cache.enabled


@pytest.mark.data
def test_real_rows_have_the_known_number_of_domains(real_data: Path) -> None:
    urls = pd.read_csv(real_data / "phishing_site_urls.csv.gz")["URL"]
    domains = pc.count_distinct(registered_domains(urls)).as_py()
    assert abs(domains - 66_534) < 100
