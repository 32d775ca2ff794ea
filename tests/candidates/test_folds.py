"""The tuning sample and its folds depend on the rows, not on their order."""

from __future__ import annotations

import numpy as np
import pytest

from switchyard.candidates.folds import make_folds, sample_rows
from switchyard.errors import DataError

GROUPS = np.array([f"domain{number % 40}.example" for number in range(200)], dtype=object)
URLS = np.array([f"{group}/{at}" for at, group in enumerate(GROUPS)], dtype=object)
LABELS = np.arange(200) // 3 % 2


@pytest.mark.parametrize("groups", [None, GROUPS])
def test_the_sample_is_the_same_in_any_row_order(groups: np.ndarray | None) -> None:
    shuffled = np.random.default_rng(0).permutation(len(URLS))

    one = URLS[sample_rows(URLS, groups, 57)]
    other = URLS[shuffled][
        sample_rows(URLS[shuffled], None if groups is None else groups[shuffled], 57)
    ]

    assert one.tolist() == other.tolist()


def test_the_sample_takes_whole_groups_and_no_more_rows_than_asked_for() -> None:
    chosen = sample_rows(URLS, GROUPS, 57)

    taken = set(GROUPS[chosen])
    assert len(chosen) == 55
    assert all((GROUPS[chosen] == group).sum() == 5 for group in taken)


def test_a_group_too_large_for_the_sample_is_passed_over() -> None:
    groups = np.array(["huge"] * 150 + [f"g{at}" for at in range(50)], dtype=object)

    chosen = sample_rows(URLS, groups, 40)

    assert len(chosen) == 40
    assert "huge" not in groups[chosen]


def test_everything_is_taken_when_it_fits() -> None:
    assert sorted(sample_rows(URLS, GROUPS, 1_000)) == list(range(200))


def test_no_group_stands_on_both_sides_of_a_fold() -> None:
    folds = make_folds(LABELS, GROUPS, 4, seed=0)

    assert len(folds) == 4
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(200))
    assert all(not set(GROUPS[train]) & set(GROUPS[test]) for train, test in folds)


def test_grouped_folds_are_the_same_in_any_row_order() -> None:
    shuffled = np.random.default_rng(1).permutation(len(URLS))

    one = make_folds(LABELS, GROUPS, 3, seed=0)
    other = make_folds(LABELS[shuffled], GROUPS[shuffled], 3, seed=0)

    for (_, test), (_, again) in zip(one, other, strict=True):
        assert set(GROUPS[test]) == set(GROUPS[shuffled][again])


def test_folds_without_groups_keep_the_share_of_classes() -> None:
    folds = make_folds(LABELS, None, 4, seed=0)

    assert all(abs(LABELS[test].mean() - LABELS.mean()) < 0.03 for _, test in folds)


@pytest.mark.parametrize(
    ("labels", "groups", "said"),
    [
        (np.zeros(10), None, "each class needs 3 rows"),
        (np.arange(10) == 0, None, "each class needs 3 rows"),
        (np.arange(10) % 2, np.array(["a", "b"] * 5), "3 folds need as many groups"),
        (np.arange(9) // 3 == 0, np.repeat(["a", "b", "c"], 3), "has one class only"),
    ],
)
def test_too_little_data_is_refused_with_what_to_do(
    labels: np.ndarray, groups: np.ndarray | None, said: str
) -> None:
    with pytest.raises(DataError, match=f"{said}.*bring more data"):
        make_folds(labels.astype(int), groups, 3, seed=0)


def test_a_fold_of_one_row_says_nothing_of_numbers() -> None:
    """Its R² would be no number, and the best candidate any."""
    groups = np.array([f"key {at}" for at in range(32)])

    with pytest.raises(DataError, match=r"for 20 folds.*lower tuning\.folds"):
        make_folds(np.arange(32.0), groups, 20, seed=0, numbers=True)

    assert min(len(test) for _, test in make_folds(np.arange(32.0), groups, 16, 0, numbers=True))
