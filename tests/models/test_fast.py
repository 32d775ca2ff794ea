"""The fast tier behaves as an estimator of scikit-learn and as a model of URLs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from switchyard.errors import DataError, RequestError
from switchyard.models.fast import HashedNgramClassifier

TRUSTED = ["switchyard.models.fast.HashedNgramClassifier"]
LABELS = np.arange(400) % 2
URLS = [
    f"secure-login{i}.example-{i % 7}.top/verify/account.php?id={i}"
    if label
    else f"www.garden{i}.org/articles/{i % 31}/roses"
    for i, label in enumerate(LABELS)
]


def small(**parameters: Any) -> HashedNgramClassifier:
    return HashedNgramClassifier(bits=14, **parameters)


@pytest.fixture(scope="module")
def fitted() -> HashedNgramClassifier:
    return small().fit(URLS, LABELS)


def test_a_separable_set_is_learnt(fitted: HashedNgramClassifier) -> None:
    unseen = ["secure-login9.example-3.top/verify/account.php?id=7777", "garden7777.org/roses"]
    assert fitted.predict(unseen).tolist() == [1, 0]


def test_a_clone_is_unfitted_with_the_same_parameters(fitted: HashedNgramClassifier) -> None:
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "weights_")


def test_the_same_seed_gives_the_same_weights(fitted: HashedNgramClassifier) -> None:
    assert np.array_equal(small().fit(URLS, LABELS).weights_, fitted.weights_)


def test_another_seed_gives_other_weights(fitted: HashedNgramClassifier) -> None:
    assert not np.array_equal(small(random_state=1).fit(URLS, LABELS).weights_, fitted.weights_)


def test_skops_round_trip_gives_bit_equal_scores(fitted: HashedNgramClassifier) -> None:
    saved = skops.io.dumps(fitted)
    assert skops.io.get_untrusted_types(data=saved) == TRUSTED
    loaded = skops.io.loads(saved, trusted=TRUSTED)
    assert np.array_equal(loaded.decision_function(URLS), fitted.decision_function(URLS))
    assert loaded.weights_.dtype == np.float32


def test_a_loaded_model_goes_on_learning_as_the_saved_one(fitted: HashedNgramClassifier) -> None:
    loaded = skops.io.loads(skops.io.dumps(fitted), trusted=TRUSTED)
    again = skops.io.loads(skops.io.dumps(fitted), trusted=TRUSTED)
    for model in (loaded, again):
        model.partial_fit(["a.example/x", "b.example/y"], [0, 1])
    assert np.array_equal(loaded.weights_, again.weights_)
    assert loaded.batches_ == 1


def test_the_default_model_saved_is_at_most_5_mb() -> None:
    model = HashedNgramClassifier(epochs=1).fit(URLS, LABELS)
    assert len(skops.io.dumps(model)) <= 5_000_000


def test_partial_fit_learns_new_rows() -> None:
    model = small().fit(URLS, LABELS)
    fresh = [f"parcel-tracking{i}.icu/fee" for i in range(60)]
    before = model.predict_proba(fresh)[:, 1].mean()
    for _ in range(5):
        model.partial_fit(fresh, np.ones(60, int))
    assert model.predict_proba(fresh)[:, 1].mean() > max(before, 0.9)


def test_partial_fit_needs_the_classes_first() -> None:
    with pytest.raises(RequestError, match="classes="):
        small().partial_fit(URLS, LABELS)


def test_partial_fit_refuses_an_unknown_label(fitted: HashedNgramClassifier) -> None:
    with pytest.raises(DataError, match="label 2"):
        clone(fitted).partial_fit(URLS[:2], [0, 2], classes=[0, 1])


def test_one_url_scores_as_in_a_batch(fitted: HashedNgramClassifier) -> None:
    urls = [*URLS[:20], "", "x" * 5000, "HTTP://Ünïcode.example/ä"]
    alone = [fitted.score_one(url) for url in urls]
    assert alone == fitted.predict_proba(urls)[:, 1].tolist()


@pytest.mark.parametrize(
    "hold", [tuple, np.array, pd.Series, pa.array, lambda urls: pa.chunked_array([urls])]
)
def test_any_sequence_of_str_scores_the_same(fitted: HashedNgramClassifier, hold: object) -> None:
    held = hold(URLS)  # type: ignore[operator]
    assert np.array_equal(fitted.predict_proba(held), fitted.predict_proba(URLS))


@settings(max_examples=60, deadline=None)
@given(
    st.from_regex(r"[a-z0-9-]{1,12}\.[a-z]{2,6}(/[a-zA-Z0-9._-]{1,8}){0,3}", fullmatch=True),
    st.sampled_from(["http://", "https://", "https://www.", "HTTP://WWW.", " "]),
    st.sampled_from(["", "/"]),
)
def test_pasting_changes_no_score(
    fitted: HashedNgramClassifier, url: str, prefix: str, slash: str
) -> None:
    assert fitted.score_one(f"{prefix}{url}{slash}") == fitted.score_one(url)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_a_probability(fitted: HashedNgramClassifier, text: str) -> None:
    assert 0.0 <= fitted.score_one(text) <= 1.0


def test_labels_may_be_words() -> None:
    model = small().fit(URLS, np.where(LABELS == 1, "phishing", "benign"))
    assert model.classes_.tolist() == ["benign", "phishing"]
    assert model.predict(URLS[:2]).tolist() == ["benign", "phishing"]


def test_cross_validation_works() -> None:
    assert cross_val_score(small(), np.array(URLS, object), LABELS, cv=2).min() > 0.95


@pytest.mark.parametrize(
    ("urls", "labels", "message"),
    [
        ([], [], "no URLs"),
        (["a.example", "b.example"], [1, 1], "1 class "),
        (["a.example", "b.example", "c.example"], [0, 1, 2], "3 classes"),
        (["a.example", "b.example"], [1], "2 URLs came with 1 label"),
        (["a.example", 7], [0, 1], "row 1"),
        (["a.example", None], [0, 1], "row 1"),
    ],
)
def test_unusable_rows_are_named(urls: list[str], labels: list[int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        small().fit(urls, labels)


@pytest.mark.parametrize("name", ["bits", "epochs", "min_n", "max_n", "learning_rate"])
def test_an_impossible_parameter_is_named(name: str) -> None:
    with pytest.raises(RequestError, match=name):
        HashedNgramClassifier().set_params(**{name: 0}).fit(URLS, LABELS)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_scoring_needs_a_fit(method: str) -> None:
    with pytest.raises(NotFittedError):
        getattr(small(), method)(["a.example"])
    with pytest.raises(NotFittedError):
        small().score_one("a.example")


def test_an_empty_batch_has_no_scores(fitted: HashedNgramClassifier) -> None:
    assert fitted.predict_proba([]).shape == (0, 2)
