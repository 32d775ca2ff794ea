"""The catalogue: every estimator that a candidate may name, and the parameters it may be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from switchyard.candidates.entries import Entry
from switchyard.candidates.extras import missing_library
from switchyard.candidates.table_entries import REGRESSORS, TABLE_CLASSIFIERS
from switchyard.configuration.model import Candidate
from switchyard.errors import RequestError
from switchyard.nearest import suggestion

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def build(candidate: Candidate, seed: int, sizes: Sequence[int] | None = None) -> BaseEstimator:
    """The candidate's unfitted estimator: raw URLs in, `predict_proba` (n, 2) out.

    sizes: of the inputs of a table; then coded rows in. RequestError names an estimator or a
    parameter that does not exist, and the nearest that does; or a library that is not installed.
    """
    entry = find(candidate.estimator)
    if not installed(entry):
        raise missing_library(f"candidate '{candidate.name}'", entry.library)
    estimator = entry.make(seed, sizes)
    return estimator.set_params(**nested(candidate, candidate.parameters))


def installed(entry: Entry) -> bool:
    """Whether the library that the estimator needs is there; it is not imported."""
    return not entry.library or find_spec(entry.library) is not None


def check_task(candidate: Candidate, task: str) -> None:
    """RequestError unless the candidate's estimator does such a task."""
    if task not in find(candidate.estimator).tasks:
        others = sorted(name for name, entry in CATALOGUE.items() if task in entry.tasks)
        raise RequestError(
            f"candidate '{candidate.name}': estimator '{candidate.estimator}' does no {task}; "
            f"choose one of {', '.join(others)}"
        )


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
    known = find(candidate.estimator).parameters
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


def _own(*names: str) -> dict[str, str]:
    """The parameters of an estimator that is no pipeline: their names are the constructor's."""
    return {name: name for name in names}


TEXT_CLASSIFIERS: Mapping[str, Entry] = {
    "stem-logistic": Entry(
        "reference: stemmed words, counted, logistic regression",
        "stem_logistic",
        {
            "C": "model__C",
            "class_weight": "model__class_weight",
            "max_iter": "model__max_iter",
            "stop_words": "counts__stop_words",
        },
    ),
    "stem-naive-bayes": Entry(
        "reference: stemmed words, counted, multinomial naive Bayes",
        "stem_naive_bayes",
        {
            "alpha": "model__alpha",
            "fit_prior": "model__fit_prior",
            "stop_words": "counts__stop_words",
        },
    ),
    "char-svm": Entry(
        "hashed character 3- to 5-grams, TF-IDF, linear SVM with calibrated probabilities",
        "char_svm",
        {
            "C": "model__C",
            "epochs": "model__epochs",
            "features": "grams__n_features",
            "sublinear": "weights__sublinear_tf",
        },
    ),
    "lexical-lightgbm": Entry(
        "lexical numbers of the URL, gradient-boosted trees",
        "lexical_lightgbm",
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
        "hashed_ngrams",
        _own("bits", "epochs", "l2", "learning_rate", "max_n", "min_n"),
    ),
    "stacked": Entry(
        "accurate tier: out-of-fold score of the fast tier and lexical numbers, boosted trees",
        "stacked",
        _own("columns", "folds", "l2", "learning_rate", "leaves", "min_rows", "n_jobs", "trees"),
    ),
}

CATALOGUE: Mapping[str, Entry] = {**TEXT_CLASSIFIERS, **REGRESSORS, **TABLE_CLASSIFIERS}
