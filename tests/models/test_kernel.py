"""The compiled features equal a plain Python account of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.models import kernel
from switchyard.models.traits import TRAITS

BITS = 20
MASK = 0xFFFFFFFF


def fold(state: int, value: int) -> int:
    return (state ^ value) * 16777619 & MASK


def bucket(state: int) -> int:
    state ^= state >> 16
    state = state * 0x85EBCA6B & MASK
    state ^= state >> 13
    return (state * 0xC2B2AE35 & MASK) >> (32 - BITS)


def grams(text: str, field: int, low: int, high: int) -> set[int]:
    """Indices of the character n-grams of one field, its ends marked."""
    marked = [2, *text.lower().encode(), 3] if text else []
    first = fold(fold(2166136261, 1), field + 1)
    indices = set()
    for i in range(len(marked) - 1):
        state = first
        for size, byte in enumerate(marked[i : i + high], start=1):
            state = fold(state, byte)
            if size >= low:
                indices.add(bucket(state))
    return indices


def extracted(
    url: str, low: int = 2, high: int = 6
) -> tuple[npt.NDArray[np.uint32], int, list[int]]:
    """All feature indices of a URL, how many before the traits, and the bounds of the parts."""
    data = np.frombuffer(url.encode(), np.uint8)
    room = kernel.room_for(len(data), low, high)
    bounds = np.empty(kernel.PARTS + 1, np.int64)
    found = np.empty(room, np.uint32)
    count, total = kernel.extract(
        data, 0, len(data), low, high, np.uint32(32 - BITS), np.empty(len(data) + 2, np.uint8),
        found, np.empty(kernel.slots_for(room), np.uint32), np.empty((2, 17), np.int64), bounds,
    )  # fmt: skip
    return found[:total], count, bounds.tolist()


@settings(max_examples=80, deadline=None)
@given(
    st.from_regex(r"[a-z0-9.-]{0,20}", fullmatch=True),
    st.from_regex(r"([/?][A-Za-z0-9/=&._-]{0,40})?", fullmatch=True),
)
def test_the_n_grams_are_those_of_plain_python(host: str, rest: str) -> None:
    found, _, bounds = extracted(host + rest)
    of_host = set(found[bounds[0] : bounds[1]].tolist())
    assert of_host == grams(host, 0, 2, 6)
    of_rest = set(found[bounds[3] : bounds[4]].tolist())
    assert of_rest <= grams(rest, 1, 2, 6) <= set(found.tolist())


def test_a_feature_is_counted_once() -> None:
    found, count, _ = extracted("aaaaaaaaaaaaaaaaaaaa.example/aaaaaaaaaaaaaaaa?a=a&a=a")
    assert len(set(found[:count].tolist())) == count


def test_host_and_rest_have_features_of_their_own() -> None:
    assert not grams("login", 0, 2, 6) & grams("login", 1, 2, 6)


@pytest.mark.parametrize("url", ["", "a", "/", "." * 500, "a/" * 500, "1a" * 1000])
def test_no_url_has_more_features_than_room(url: str) -> None:
    found, count, bounds = extracted(url)
    assert len(found) <= kernel.room_for(len(url), 2, 6)
    assert len(found) - count <= TRAITS
    assert bounds == sorted(bounds)


def test_bytes_past_the_limit_do_not_matter() -> None:
    weights = np.random.default_rng(0).normal(size=1 << 14).astype(np.float32)
    long = b"a.example/" + b"x" * kernel.MAX_BYTES
    scores = [
        kernel.score_one(np.frombuffer(data, np.uint8), weights, np.zeros(2), 2, 6)
        for data in (long, long + b"/login.php", long[: kernel.MAX_BYTES])
    ]
    assert scores[0] == scores[1] == scores[2]
