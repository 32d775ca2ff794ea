"""The catalogue: every estimator that a candidate may name, and the parameters it may be given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline

from switchyard.candidates.margins import CalibratedSvm
from switchyard.configuration.model import Candidate
from switchyard.errors import RequestError
from switchyard.nearest import suggestion
from switchyard.text.canonical import CanonicalUrls
from switchyard.text.counts import StemCounts

Builder = Callable[[int], BaseEstimator]


@dataclass(frozen=True)
class Entry:
    """One estimator: what it is, how it is made from a seed, and its parameters.

    renamed: the name that a configuration uses → scikit-learn's name inside the pipeline; None for
    our own estimators, whose constructor has the names already.
    """

    description: str
    make: Builder
    renamed: Mapping[str, str] | None = None

    def parameters(self) -> Mapping[str, str]:
        """The parameters that a configuration may set → scikit-learn's names for them."""
        if self.renamed is not None:
            return self.renamed
        names = self.make(0).get_params(deep=False)
        return {name: name for name in names if name != "random_state"}


def build(candidate: Candidate, seed: int) -> BaseEstimator:
    """The candidate's unfitted estimator: 1-D sequence of raw URLs in, `predict_proba` (n, 2) out.

    RequestError names an estimator or a parameter that does not exist, and the nearest that does.
    """
    entry = find(candidate.estimator)
    estimator = entry.make(seed)
    return estimator.set_params(**nested(candidate, candidate.parameters))


def find(name: str) -> Entry:
    """The entry of that name, else RequestError."""
    try:
        return CATALOGUE[name]
    except KeyError:
        raise RequestError(
            f"estimator '{name}' is not in the catalogue: {_hint(name, CATALOGUE)}"
        ) from None


def nested(candidate: Candidate, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values under scikit-learn's names; RequestError for a name that the estimator lacks."""
    known = find(candidate.estimator).parameters()
    for name in values:
        if name not in known:
            raise RequestError(
                f"candidate '{candidate.name}': estimator '{candidate.estimator}' has no parameter "
                f"'{name}': {_hint(name, known)}"
            )
    return {known[name]: value for name, value in values.items()}


def _hint(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    return f"{suggestion(name, names)}It knows {', '.join(names)}"


def _stem_logistic(seed: int) -> Pipeline:
    model = LogisticRegression(max_iter=300, random_state=seed)
    return Pipeline([("canonical", CanonicalUrls()), ("counts", StemCounts()), ("model", model)])


def _stem_naive_bayes(seed: int) -> Pipeline:
    del seed  # nothing is drawn
    return Pipeline(
        [("canonical", CanonicalUrls()), ("counts", StemCounts()), ("model", MultinomialNB())]
    )


def _char_svm(seed: int) -> Pipeline:
    grams = HashingVectorizer(
        analyzer="char",
        ngram_range=(3, 5),
        n_features=2**20,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    return Pipeline(
        [
            ("canonical", CanonicalUrls()),
            ("grams", grams),
            ("weights", TfidfTransformer(sublinear_tf=True)),
            ("model", CalibratedSvm(random_state=seed)),
        ]
    )


def _lexical_lightgbm(seed: int) -> Pipeline:
    from switchyard.models.boosted import LightGbmClassifier
    from switchyard.text.lexical import LexicalFeatures

    model = LightGbmClassifier(random_state=seed)
    return Pipeline(
        [("canonical", CanonicalUrls()), ("numbers", LexicalFeatures()), ("model", model)]
    )


def _hashed_ngrams(seed: int) -> BaseEstimator:
    from switchyard.models.fast import HashedNgramClassifier

    return HashedNgramClassifier(random_state=seed)


def _stacked(seed: int) -> BaseEstimator:
    from switchyard.models.accurate import StackedUrlClassifier

    return StackedUrlClassifier(random_state=seed)


CATALOGUE: Mapping[str, Entry] = {
    "stem-logistic": Entry(
        "reference: stemmed words, counted, logistic regression",
        _stem_logistic,
        {
            "C": "model__C",
            "class_weight": "model__class_weight",
            "max_iter": "model__max_iter",
            "stop_words": "counts__stop_words",
        },
    ),
    "stem-naive-bayes": Entry(
        "reference: stemmed words, counted, multinomial naive Bayes",
        _stem_naive_bayes,
        {
            "alpha": "model__alpha",
            "fit_prior": "model__fit_prior",
            "stop_words": "counts__stop_words",
        },
    ),
    "char-svm": Entry(
        "hashed character 3- to 5-grams, TF-IDF, linear SVM with calibrated probabilities",
        _char_svm,
        {
            "C": "model__C",
            "epochs": "model__epochs",
            "features": "grams__n_features",
            "sublinear": "weights__sublinear_tf",
        },
    ),
    "lexical-lightgbm": Entry(
        "lexical numbers of the URL, gradient-boosted trees",
        _lexical_lightgbm,
        {
            "columns": "model__columns",
            "l2": "model__l2",
            "learning_rate": "model__learning_rate",
            "leaves": "model__leaves",
            "min_rows": "model__min_rows",
            "patience": "model__patience",
            "n_jobs": "model__n_jobs",
            "trees": "model__trees",
        },
    ),
    "hashed-ngrams": Entry(
        "fast tier: field-aware hashed n-grams and words, AdaGrad logistic regression",
        _hashed_ngrams,
    ),
    "stacked": Entry(
        "accurate tier: out-of-fold score of the fast tier and lexical numbers, boosted trees",
        _stacked,
    ),
}
