"""How each estimator of the catalogue is made from a seed; the heavy imports stand here."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline

from switchyard.candidates.margins import CalibratedSvm
from switchyard.text.canonical import CanonicalUrls
from switchyard.text.counts import StemCounts


def stem_logistic(seed: int) -> Pipeline:
    model = LogisticRegression(max_iter=300, random_state=seed)
    return Pipeline([("canonical", CanonicalUrls()), ("counts", StemCounts()), ("model", model)])


def stem_naive_bayes(seed: int) -> Pipeline:
    del seed  # nothing is drawn
    return Pipeline(
        [("canonical", CanonicalUrls()), ("counts", StemCounts()), ("model", MultinomialNB())]
    )


def char_svm(seed: int) -> Pipeline:
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


def lexical_lightgbm(seed: int) -> Pipeline:
    from switchyard.models.boosted import LightGbmClassifier
    from switchyard.text.lexical import LexicalFeatures

    model = LightGbmClassifier(random_state=seed)
    return Pipeline(
        [("canonical", CanonicalUrls()), ("numbers", LexicalFeatures()), ("model", model)]
    )


def hashed_ngrams(seed: int) -> BaseEstimator:
    from switchyard.models.fast import HashedNgramClassifier

    return HashedNgramClassifier(random_state=seed)


def stacked(seed: int) -> BaseEstimator:
    from switchyard.models.accurate import StackedUrlClassifier

    return StackedUrlClassifier(random_state=seed)
