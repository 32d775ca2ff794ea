"""A row's side hangs on its group alone, today and after new rows arrive."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.configuration.model import Split
from switchyard.errors import DataError
from switchyard.split import Parts, fold_of, split

GROUPS = [f"site{i}.example" for i in range(400)]


def frame(groups: list[str]) -> pd.DataFrame:
    """Two rows a group, one of each class."""
    return pd.DataFrame(
        {
            "group": np.repeat(np.array(groups, dtype=object), 2),
            "label": np.tile(np.array([0, 1], np.int8), len(groups)),
        }
    )


def sides(data: pd.DataFrame, parts: Parts) -> dict[str, set[str]]:
    return {
        name: set(data["group"].iloc[getattr(parts, name)])
        for name in ("train", "validation", "holdout")
    }


def test_every_row_stands_on_one_side() -> None:
    data = frame(GROUPS)
    parts = split(data, Split(), 1)
    rows = np.concatenate([parts.train, parts.validation, parts.holdout])
    assert sorted(rows) == list(range(len(data)))


def test_no_group_stands_on_two_sides() -> None:
    data = frame(GROUPS)
    train, validation, holdout = sides(data, split(data, Split(), 1)).values()
    assert not train & validation
    assert not train & holdout
    assert not validation & holdout


@given(
    more=st.lists(st.text(st.characters(codec="utf-8"), min_size=1), max_size=50),
    order=st.randoms(use_true_random=False),
)
def test_neither_order_nor_new_rows_move_a_group(more: list[str], order: object) -> None:
    before = sides(frame(GROUPS), split(frame(GROUPS), Split(), 1))
    groups = GROUPS + more
    order.shuffle(groups)  # type: ignore[attr-defined]
    data = frame(groups)
    after = sides(data, split(data, Split(), 2))
    for name, held in before.items():
        assert held <= after[name]


@given(st.floats(0.05, 0.85), st.floats(0.05, 0.45))
def test_shares_are_near_those_asked_for(holdout: float, validation: float) -> None:
    data = frame([f"site{i}.example" for i in range(2000)])
    shares = split(data, Split(holdout=holdout, validation=validation), 1).shares()
    assert shares["holdout"] == pytest.approx(holdout, abs=0.06)
    assert shares["validation"] == pytest.approx((1 - holdout) * validation, abs=0.06)
    assert sum(shares.values()) == pytest.approx(1)


def test_another_validation_share_leaves_the_holdout_alone() -> None:
    data = frame(GROUPS)
    one, two = (split(data, Split(validation=share), 1) for share in (0.1, 0.3))
    assert np.array_equal(one.holdout, two.holdout)


def test_a_larger_holdout_holds_the_smaller_one() -> None:
    data = frame(GROUPS)
    small, large = (split(data, Split(holdout=share), 1).holdout for share in (0.2, 0.3))
    assert set(small) < set(large)


def test_another_salt_draws_another_holdout() -> None:
    data = frame(GROUPS)
    one, two = (split(data, Split(salt=salt), 1).holdout for salt in ("a", "b"))
    assert not np.array_equal(one, two)


def test_the_holdout_is_what_it_was() -> None:
    data = frame(GROUPS[:40])
    held = sides(data, split(data, Split(), 1))["holdout"]
    assert sorted(held)[:4] == [
        "site0.example",
        "site1.example",
        "site11.example",
        "site14.example",
    ]


@pytest.mark.parametrize("kind", ["category", "str", "object"])
def test_how_groups_are_held_makes_no_difference(kind: str) -> None:
    data = frame(GROUPS)
    other = data.assign(group=data["group"].astype(kind))  # type: ignore[call-overload]
    assert np.array_equal(split(data, Split(), 1).holdout, split(other, Split(), 1).holdout)


def test_the_reference_protocol_is_random_and_says_so() -> None:
    data = frame(GROUPS)
    parts = split(data, Split(protocol="random"), 1)
    assert parts.optimistic
    assert len(parts.holdout) == 200
    assert np.array_equal(parts.holdout, split(data, Split(protocol="random"), 1).holdout)
    assert not np.array_equal(parts.holdout, split(data, Split(protocol="random"), 2).holdout)


def test_one_group_cannot_be_parted() -> None:
    data = frame(["site.example"] * 50)
    with pytest.raises(
        DataError, match=r"the \w+ side has 0 rows: 100 rows in 1 groups are too few"
    ):
        split(data, Split(), 1)


def test_a_side_of_one_class_is_refused() -> None:
    data = frame(GROUPS)
    parts = split(data, Split(), 1)
    data.loc[parts.holdout, "label"] = 1
    with pytest.raises(DataError, match="the holdout side has only class 1"):
        split(data, Split(), 1)


def test_two_rows_cannot_be_parted_at_random() -> None:
    with pytest.raises(DataError, match="too few to part"):
        split(frame(["a"]).head(1), Split(protocol="random"), 1)


def test_folds_keep_groups_together_and_are_even() -> None:
    groups = np.repeat(GROUPS, 3)
    folds = fold_of(groups, 4, "salt")
    assert set(folds) == {0, 1, 2, 3}
    assert all(len(set(folds[groups == group])) == 1 for group in GROUPS[:50])
    assert np.bincount(folds).min() > 0.7 * len(folds) / 4
    assert np.array_equal(folds[::-1], fold_of(groups[::-1], 4, "salt"))


def test_rows_without_group_are_refused() -> None:
    with pytest.raises(DataError, match="1 rows have no group"):
        fold_of(["a", None], 2, "salt")
