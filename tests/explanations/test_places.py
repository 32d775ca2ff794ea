"""The placed features are the kernel's own, in its order, and stand where they are said to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from switchyard.explanations.places import Places, places
from switchyard.models import kernel
from switchyard.models.hashing import LOWER, bucket, fold, seed

BITS = 14
GRAM, WORD = 1, 2
URLS = st.one_of(
    st.text("aB1.-/?=%_", max_size=60),
    st.from_regex(r"[a-z0-9.-]{0,20}([/?][A-Za-z0-9/=&._-]{0,40})?", fullmatch=True),
)


def extracted(url: str, low: int, high: int) -> tuple[list[int], int]:
    """The features of the kernel that scores, and how many come before the traits."""
    data = np.frombuffer(url.encode(), np.uint8)[: kernel.MAX_BYTES]
    room = kernel.room_for(len(data), low, high)
    found = np.empty(room, np.uint32)
    count, total = kernel.extract(
        data, 0, len(data), low, high, np.uint32(32 - BITS), np.empty(len(data) + 2, np.uint8),
        found, np.empty(kernel.slots_for(room), np.uint32), np.empty((2, 17), np.int64),
        np.empty(kernel.PARTS + 1, np.int64),
    )  # fmt: skip
    return found[:total].tolist(), count


def hashed(text: str, kind: int, field: int) -> int:
    """The table index of a gram or a word of one field."""
    state = seed(kind, field)
    for byte in text.encode():
        state = fold(state, LOWER[byte])
    return int(bucket(state, np.uint32(32 - BITS)))


def where(seen: Places, index: int) -> tuple[int, int]:
    """The place of a feature."""
    start, end = seen.spans[seen.found[: len(seen.spans)].tolist().index(index)].tolist()
    return start, end


@pytest.mark.parametrize(("low", "high"), [(2, 6), (1, 1), (1, 3), (4, 4)])
@settings(max_examples=60, deadline=None)
@given(url=URLS)
@example(url="aaaaaaaaaaaaaaaaaaaa.example/aaaaaaaaaaaaaaaa?a=a&a=a")
@example(url="1a/" * 900)
def test_they_are_the_kernels_features_in_its_order(low: int, high: int, url: str) -> None:
    seen = places(url, 1 << BITS, low, high)

    assert (seen.found.tolist(), len(seen.spans)) == extracted(url, low, high)


@settings(max_examples=60, deadline=None)
@given(url=URLS)
def test_each_stands_within_its_field(url: str) -> None:
    seen = places(url, 1 << BITS, 2, 6)

    starts, ends = seen.spans.T
    assert (starts >= 0).all()
    assert (ends <= len(url)).all()
    assert (starts < ends).all()
    assert ((ends <= seen.host_end) | (starts >= seen.host_end)).all()


@pytest.mark.parametrize(
    ("text", "kind", "field", "place"),
    [
        ("pay", GRAM, 0, (0, 3)),
        ("login", GRAM, 0, (7, 12)),
        ("/ver", GRAM, 1, (16, 20)),
        ("paypal", WORD, 0, (0, 6)),
        ("verify", WORD, 1, (17, 23)),
        ("\x02pa", GRAM, 0, (0, 2)),
        ("fy\x03", GRAM, 1, (21, 23)),
    ],
)
def test_a_feature_stands_where_its_text_does(
    text: str, kind: int, field: int, place: tuple[int, int]
) -> None:
    seen = places("paypal-LOGIN.top/verify", 1 << BITS, 2, 6)

    assert where(seen, hashed(text, kind, field)) == place


def test_a_pair_of_words_covers_both() -> None:
    seen = places("one.two", 1 << BITS, 2, 2)

    alone = {tuple(span) for span in places("one-tww", 1 << BITS, 2, 2).spans.tolist()}
    assert [0, 7] in seen.spans.tolist()
    assert (0, 7) in alone


def test_what_comes_twice_stands_at_its_first_place() -> None:
    seen = places("a.example/login/login", 1 << BITS, 2, 6)

    assert where(seen, hashed("login", WORD, 1)) == (10, 15)


def test_bytes_past_the_limit_have_no_features() -> None:
    seen = places("a.example/" + "x" * 5000, 1 << BITS, 2, 6)

    assert seen.spans.max() <= kernel.MAX_BYTES
