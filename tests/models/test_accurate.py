"""The accurate tier: learns, saves as text, keeps groups together, says what it lacks."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from switchyard.errors import DataError, PlatformError
from switchyard.models.accurate import StackedUrlClassifier

TRUSTED = [
    "switchyard.models.accurate.StackedUrlClassifier",
    "switchyard.models.fast.HashedNgramClassifier",
]
LABELS = np.arange(300) % 2
URLS = [
    f"secure-login{i}.example-{i % 7}.top/verify/account.php?id={i}"
    if label
    else f"www.garden{i}.org/articles/{i % 31}/roses"
    for i, label in enumerate(LABELS)
]
GROUPS = np.array([f"group{i // 4}" for i in range(300)])


def small(**parameters: Any) -> StackedUrlClassifier:
    return StackedUrlClassifier(folds=2, trees=20, min_rows=5, **parameters)


@pytest.fixture(scope="module")
def fitted() -> StackedUrlClassifier:
    return small().fit(URLS, LABELS, groups=GROUPS)


def test_a_separable_set_is_learnt(fitted: StackedUrlClassifier) -> None:
    assert np.mean(fitted.predict(URLS) == LABELS) > 0.95


def test_skops_round_trip_gives_bit_equal_scores(fitted: StackedUrlClassifier) -> None:
    saved = skops.io.dumps(fitted)
    assert sorted(skops.io.get_untrusted_types(data=saved)) == TRUSTED
    loaded = skops.io.loads(saved, trusted=TRUSTED)
    assert np.array_equal(loaded.predict_proba(URLS), fitted.predict_proba(URLS))


def test_the_same_seed_gives_the_same_scores_with_any_number_of_threads(
    fitted: StackedUrlClassifier,
) -> None:
    again = small(n_jobs=2).fit(URLS, LABELS, groups=GROUPS)
    assert np.array_equal(again.predict_proba(URLS), fitted.predict_proba(URLS))


def test_one_url_scores_as_in_a_batch(fitted: StackedUrlClassifier) -> None:
    batch = fitted.predict_proba(URLS[:10])[:, 1].tolist()
    assert [fitted.score_one(url) for url in URLS[:10]] == batch


def test_pasting_changes_no_score(fitted: StackedUrlClassifier) -> None:
    assert fitted.score_one(f"https://www.{URLS[0]}/") == fitted.score_one(URLS[0])


def test_a_group_stays_in_one_fold() -> None:
    folds = small()._folds(LABELS, GROUPS)
    assert all(len(set(folds[group == GROUPS])) == 1 for group in set(GROUPS))


def test_without_groups_it_learns_too() -> None:
    assert np.mean(small().fit(URLS, LABELS).predict(URLS) == LABELS) > 0.95


def test_a_clone_is_unfitted(fitted: StackedUrlClassifier) -> None:
    with pytest.raises(NotFittedError):
        clone(fitted).predict_proba(URLS)


def test_an_empty_batch_has_no_scores(fitted: StackedUrlClassifier) -> None:
    assert fitted.predict_proba([]).shape == (0, 2)


@pytest.mark.parametrize(
    ("rows", "groups", "message"),
    [
        (slice(0, 2), None, "folds cannot be made of 1 rows"),
        (slice(0, 8), ["one"] * 8, "folds cannot be made of 1 groups"),
        (slice(0, 8), ["one"] * 3, "8 URLs came with 3 groups"),
        (slice(0, 1), None, "1 class "),
    ],
)
def test_too_little_to_fold_is_named(rows: slice, groups: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        small().fit(URLS[rows], LABELS[rows], groups=groups)


def test_a_missing_openmp_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file")
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(PlatformError, match="apt-get install libgomp1"):
        small().fit(URLS, LABELS)
