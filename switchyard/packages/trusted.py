"""The types that a model file may hold: nothing else is ever built from one.

A new estimator needs its line here, and a reading of what its `__setstate__` does with any content.
"""

from __future__ import annotations

OURS = frozenset(
    {
        "switchyard.candidates.margins.CalibratedSvm",
        "switchyard.models.accurate.StackedUrlClassifier",
        "switchyard.models.boosted.LightGbmClassifier",
        "switchyard.models.fast.HashedNgramClassifier",
        # Tables: __setstate__ takes arrays of the right type, shape and bounds, or refuses.
        "switchyard.tables.encoding.TableEncoder",
        "switchyard.tables.linear.LinearClassifier",
        "switchyard.tables.linear.LinearRegressor",
        "switchyard.tables.neighbours.NeighboursRegressor",
        "switchyard.tables.trees.TreesClassifier",
        "switchyard.tables.trees.TreesRegressor",
        "switchyard.text.canonical.CanonicalUrls",
        "switchyard.text.counts.StemCounts",
        "switchyard.text.lexical.LexicalFeatures",
        "switchyard.text.stopwords.StopWords",
        "switchyard.text.tokens.NltkTokens",
    }
)

LIBRARIES = frozenset(
    {
        "sklearn.feature_extraction.text.HashingVectorizer",
        "sklearn.feature_extraction.text.TfidfTransformer",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._sgd_fast.ModifiedHuber",
        "sklearn.linear_model._stochastic_gradient.SGDClassifier",
        "sklearn.naive_bayes.MultinomialNB",
        "sklearn.pipeline.Pipeline",
    }
)

VALUES = frozenset(
    {
        *(f"builtins.{name}" for name in ("bool", "dict", "float", "int", "list", "set", "str")),
        "builtins.tuple",
        "numpy.ndarray",
        *(f"numpy.float{bits}" for bits in (16, 32, 64)),
        *(f"numpy.int{bits}" for bits in (8, 16, 32, 64)),
        *(f"numpy.uint{bits}" for bits in (8, 16, 32, 64)),
        "scipy.sparse._csr.csr_matrix",
    }
)

TRUSTED_TYPES = OURS | LIBRARIES | VALUES
"""Full names, as skops writes them."""

TRUSTED_NODES = frozenset(
    {
        "DictNode",
        "JsonNode",
        "ListNode",
        "LossNode",
        "NdArrayNode",
        "ObjectNode",
        "SetNode",
        "SparseMatrixNode",
        "TupleNode",
        "TypeNode",
    }
)
"""The ways of building that a file may ask for: no functions, methods, partials or constructors."""
