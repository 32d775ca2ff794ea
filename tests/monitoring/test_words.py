from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from switchyard.monitoring.inputs import INPUTS, UNKNOWN_WORDS, describe
from switchyard.monitoring.words import remember, unknown_share, words_of
from switchyard.urls.bulk import canonicalise_all


def hashes(*urls: str) -> list[list[int]]:
    """The hashes of each URL's words."""
    found = words_of(canonicalise_all(list(urls)))
    return [found.hashes[found.rows == row].tolist() for row in range(len(urls))]


def test_a_word_has_one_hash_wherever_it_stands() -> None:
    first, second = hashes("river.example/a", "other.example/x/River1?q=river")
    assert first[0] == second[2] == second[3]
    assert len(set(second)) == 3


def test_short_runs_and_digits_are_no_words() -> None:
    assert hashes("ab.cd/12/x7y8") == [[]]


def test_no_word_goes_on_across_two_urls() -> None:
    together, apart = hashes("a.example/riv", "er.example"), hashes("a.example/riv")
    assert together[0] == apart[0]


@given(st.lists(st.text("abcz-./1", min_size=1, max_size=20), min_size=1, max_size=8))
def test_the_words_of_many_are_those_of_each(texts: list[str]) -> None:
    assert hashes(*texts) == [hashes(text)[0] for text in texts]


def test_what_was_seen_is_known_and_what_was_not_mostly_is_not() -> None:
    known = remember([f"{letter}river.example/{letter}tree" for letter in "abcdefgh"])
    seen = unknown_share(canonicalise_all(["ariver.example/htree"]), known)
    random = np.random.default_rng(1)
    new = ["".join(random.choice(list("klmnop"), 8)) + ".qqq" for _ in range(500)]
    assert seen.tolist() == [0.0]
    assert unknown_share(canonicalise_all(new), known).mean() > 0.9


def test_without_training_rows_every_word_is_unknown() -> None:
    known = remember(pa.array([], pa.string()))
    assert unknown_share(canonicalise_all(["river.example"]), known).tolist() == [1.0]


def test_missing_and_unreadable_urls_have_no_numbers() -> None:
    urls = pa.array(["river.example/a", None, "", "no host at all"])
    columns = describe(urls, remember(["river.example"]))
    assert set(columns) == set(INPUTS)
    assert np.isfinite(columns[UNKNOWN_WORDS]).tolist() == [True, False, False, False]
    assert columns["url_length"][0] == len("river.example/a")
