"""Token slices: which tokens, and where each text's end."""

from __future__ import annotations

import pyarrow as pa

from switchyard.text.slices import token_slices


def test_tokens_are_lower_cased_runs_of_two_letters_or_more() -> None:
    texts = pa.array(["Ab1cd/e", "", "é", "XYZ"], pa.large_string())

    tokens, ends = token_slices(texts)

    assert tokens.to_pylist() == ["ab", "cd", "xyz"]
    assert ends.tolist() == [0, 2, 2, 2, 3]


def test_a_slice_of_a_longer_array_gives_only_its_own_tokens() -> None:
    texts = pa.array(["first", "second", "third"], pa.large_string()).slice(1, 1)

    tokens, ends = token_slices(texts)

    assert tokens.to_pylist() == ["second"]
    assert ends.tolist() == [0, 1]


def test_neighbours_do_not_run_together() -> None:
    tokens, _ = token_slices(pa.array(["end", "begin"], pa.large_string()))

    assert tokens.to_pylist() == ["end", "begin"]
