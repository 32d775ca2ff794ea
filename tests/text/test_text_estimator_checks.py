"""scikit-learn's own checks on the text steps.

`parametrize_with_checks` feeds tables of numbers and gives up on steps that take strings. So the
checks of the estimator's interface run on each step as it is, and the whole battery, which fits
and transforms, runs on each step behind an adapter that spells the numbers as words.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pytest
import sklearn.utils.estimator_checks as checks
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from switchyard.text.canonical import CanonicalUrls
from switchyard.text.counts import StemCounts
from switchyard.text.lexical import LexicalFeatures
from switchyard.text.stems import SnowballStems
from switchyard.text.stopwords import StopWords
from switchyard.text.tokens import NltkTokens

STEPS = [
    CanonicalUrls(),
    LexicalFeatures(),
    NltkTokens(),
    SnowballStems(),
    StemCounts(),
    StopWords(),
]
LETTERS = str.maketrans("0123456789.-", string.ascii_letters[:12])


class OverNumbers(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A text step over a table of numbers: rows are spelled, texts that come out are measured."""

    def __init__(self, step: Any = None) -> None:
        self.step = step

    def fit(self, X: Any, y: Any = None) -> Self:
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        texts = spelled(validate_data(self, X))
        self.step_ = clone(StopWords() if self.step is None else self.step)
        return measured(self.step_.fit_transform(texts))

    def transform(self, X: Any) -> Any:
        check_is_fitted(self)
        return measured(self.step_.transform(spelled(validate_data(self, X, reset=False))))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def spelled(X: np.ndarray) -> list[str]:
    return ["/".join(f"{x:.3f}".translate(LETTERS) for x in row) for row in X]


def measured(out: Any) -> Any:
    if isinstance(out, list):
        return np.array([[len(text), text.count(" ")] for text in out], dtype=float)
    return out.toarray() if sparse.issparse(out) else out


@checks.parametrize_with_checks([OverNumbers(step) for step in STEPS])
def test_behind_the_adapter_the_whole_battery_passes(
    estimator: Any, check: Callable[[Any], None]
) -> None:
    check(estimator)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
@pytest.mark.parametrize(
    "check",
    [
        checks.check_do_not_raise_errors_in_init_or_set_params,
        checks.check_estimator_cloneable,
        checks.check_estimator_repr,
        checks.check_estimator_tags_renamed,
        checks.check_get_params_invariance,
        checks.check_mixin_order,
        checks.check_no_attributes_set_in_init,
        checks.check_parameters_default_constructible,
        checks.check_set_params,
        checks.check_valid_tag_types,
    ],
    ids=lambda check: check.__name__,
)
def test_the_interface_of_each_step_is_scikit_learns(
    step: Any, check: Callable[[str, Any], None]
) -> None:
    check(type(step).__name__, clone(step))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_each_step_says_that_it_takes_a_column_of_strings(step: Any) -> None:
    tags = checks.get_tags(step).input_tags

    assert (tags.string, tags.one_d_array, tags.two_d_array) == (True, True, False)
