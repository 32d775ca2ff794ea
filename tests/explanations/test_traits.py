"""Traits are told by the names of what they count, in the kernel's order."""

from __future__ import annotations

import pytest

from switchyard.explanations.places import places
from switchyard.explanations.traits import traits

BITS = 20
URL = "paypa1-Login.example.top/Verify/account.php?id=37"


def bucketed(url: str) -> dict[str, tuple[int, float | str]]:
    """Table index and value of each trait, by its name."""
    seen = places(url, 1 << BITS, 2, 6)
    named = traits(url, seen)
    indices = seen.found[len(seen.spans) :].tolist()
    assert len({name for name, _ in named}) == len(named)
    return {name: (at, value) for (name, value), at in zip(named, indices, strict=True)}


def changed(before: str, after: str) -> set[str]:
    """Names of the traits of `before` whose table index differs in `after`."""
    first, second = bucketed(before), bucketed(after)
    return {name for name in first if first[name][0] != second[name][0]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("length of host", 24),
        ("letters in host", 20),
        ("digits in host", 1),
        ("hyphens in host", 1),
        ("dots in host", 2),
        ("longest word in host", 7),
        ("length of path", 25),
        ("slashes in path", 2),
        ("equals signs in path", 1),
        ("other marks in path", 1),
        ("capitals in path", 1),
        ("longest run of digits in path", 2),
        ("share of digits in host", 1 / 24),
        ("ending of host and slashes in path", ".top, 2"),
        ("ending of path and ending of host", "none, .top"),
    ],
)
def test_a_trait_has_its_value(name: str, value: float | str) -> None:
    assert bucketed(URL)[name][1] == value


def test_an_ending_of_the_path_is_seen_without_a_query() -> None:
    named = bucketed("a.example/x/index.PHP")

    assert named["ending of path and dots in host"][1] == ".php, 1"


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("a.example/Verify", "a.example/verify", {"capitals in path"}),
        (
            "a.top/a",
            "a.icu/a",
            {
                "vowels in host",
                "vowels per letter in host",
                "vowels in host and letters in host",
                "ending of host and slashes in path",
                "ending of host and dots in host",
                "ending of host and length of host",
                "ending of path and ending of host",
            },
        ),
        (
            "ab-cd.com/a",
            "ab_cd.com/a",
            {"hyphens in host", "underscores in host", "hyphens in host and length of host"},
        ),
        (
            "a.com/x.php",
            "a.com/x.htm",
            {
                "ending of path and slashes in path",
                "ending of path and dots in host",
                "ending of path and length of path",
                "ending of path and ending of host",
            },
        ),
    ],
)
def test_a_change_moves_the_traits_that_are_named_after_it(
    before: str, after: str, names: set[str]
) -> None:
    assert changed(before, after) == names


def test_an_address_without_a_path_has_no_shares_of_it() -> None:
    assert "share of digits in path" not in bucketed("a.example")
