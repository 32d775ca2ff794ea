"""Bulk forms equal the reference, whatever holds the URLs."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.errors import DataError
from switchyard.urls.bulk import as_arrow, buffers, canonicalise_all, schemes_of
from switchyard.urls.canonical import canonicalise, scheme_of

URLS = ["http://www.Example.com/", "example.com/a%7eb", "exämple.com", "", "a.com/?x&amp;y#z"]
PIECES = (
    *(
        "a",
        "B",
        "7",
        "www.",
        "WwW.",
        "http://",
        "HTTPS://",
        "hxxp://",
        "/",
        "\\",
        "\\%",
        "%",
        "%41",
    ),
    *(
        "%2f",
        "%7E",
        "%C3",
        "%zz",
        "%6",
        "&",
        "amp;",
        "&amp;",
        "&AMP;",
        "&lt;",
        "&#",
        "38;",
        ";",
        "#",
    ),
    *(
        "#/",
        "#x",
        "#a@b",
        ".",
        "..",
        ":",
        ":80",
        ":8080",
        "@",
        "?",
        "=",
        "[",
        "]",
        "[.]",
        " ",
        "\n",
    ),
    *("\x00", '"', "'", "<", "é", "。", "❤", "\u200b", "-", "_", "~", "{", "evil.com", "com/", "+"),
)


def test_every_container_gives_the_same() -> None:
    expected = [canonicalise(url) for url in URLS]
    containers: list[Any] = [
        URLS,
        tuple(URLS),
        (url for url in URLS),
        np.array(URLS, dtype=object),
        np.array(URLS),
        pd.Series(URLS),
        pd.Series(URLS, dtype=object, index=[5, 4, 3, 2, 1]),
        pd.Series(URLS, dtype="category"),
        pd.Index(URLS),
        pa.array(URLS),
        pa.array(URLS, pa.large_string()),
        pa.array(URLS, pa.string_view()),
        pa.array(URLS).dictionary_encode(),
        pa.chunked_array([URLS[:2], URLS[2:]]),
        pa.chunked_array([URLS[:2], URLS[2:]]).dictionary_encode(),
        pa.array(["x", *URLS, "y"], pa.large_string()).slice(1, len(URLS)),
    ]
    for container in containers:
        array = canonicalise_all(container)
        array.validate(full=True)
        assert array.type == pa.large_string()
        assert array.to_pylist() == expected, type(container)


@pytest.mark.parametrize(
    "nothing",
    [[], np.array([], dtype=object), pd.Series([], dtype=str), pa.chunked_array([], pa.string())],
)
def test_nothing_gives_nothing(nothing: Any) -> None:
    assert canonicalise_all(nothing).to_pylist() == []
    assert schemes_of(nothing).to_pylist() == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("http://a.com", "not one str"),
        (b"http://a.com", "not one bytes"),
        (["a.com", 3], "row 1 of the URLs is 3"),
        (["a.com", b"b.com"], "row 1 of the URLs is b'b.com'"),
        ([1, 2], "not int64"),
        (["a.com", None], "row 1 of the URLs is missing"),
        (pd.Series(["a.com", None, None]), "2 such rows"),
        (np.array([["a.com"]], dtype=object), "shape (1, 1)"),
        (pd.DataFrame({"url": ["a.com"]}), "shape (1, 1)"),
        (np.array([1.5]), "not double"),
    ],
)
def test_what_is_not_a_column_of_text_is_refused(wrong: Any, told: str) -> None:
    with pytest.raises(DataError) as caught:
        as_arrow(wrong)
    assert told in str(caught.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    junk = pa.array([b"a.com", b"\xff\xfe"]).view(pa.string())
    with pytest.raises(DataError, match="not valid UTF-8"):
        as_arrow(junk)


def test_large_strings_are_not_copied() -> None:
    array = pa.array(URLS, pa.large_string())
    data, offsets = buffers(as_arrow(array))
    assert data.ctypes.data == array.buffers()[2].address
    assert offsets.tolist() == np.cumsum([0] + [len(url.encode()) for url in URLS]).tolist()


@given(st.lists(st.text() | st.lists(st.sampled_from(PIECES), max_size=10).map("".join)))
def test_bulk_equals_the_reference(urls: list[str]) -> None:
    assert canonicalise_all(urls).to_pylist() == [canonicalise(url) for url in urls]
    assert schemes_of(urls).to_pylist() == [scheme_of(url) for url in urls]


def test_bulk_equals_the_reference_on_many_generated_rows() -> None:
    draw = random.Random(3)
    urls = [
        draw.choice(["", "http://www.", "https://"])
        + draw.choice(["evil.com", "a-b.co.uk", "x"])
        + draw.choice(["", "/", "/p?"])
        + "".join(draw.choices(PIECES, k=draw.randint(0, 7)))
        for _ in range(60_000)
    ]
    assert canonicalise_all(urls).to_pylist() == [canonicalise(url) for url in urls]


@pytest.mark.data
def test_bulk_equals_the_reference_on_real_rows(real_data: Path) -> None:
    urls = pq.read_table(real_data / "urls.parquet", columns=["url"])["url"]
    canonical = canonicalise_all(urls)
    assert canonical.to_pylist() == [canonicalise(url) for url in urls.to_pylist()]
    assert canonicalise_all(canonical).equals(canonical)
