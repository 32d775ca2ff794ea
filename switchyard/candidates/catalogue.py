"""The catalogue: every estimator that a candidate may name, and the parameters it may be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchyard.configuration.model import Candidate
from switchyard.errors import RequestError
from switchyard.nearest import suggestion

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class Entry:
    """One estimator: what it is, the function of `builders` that makes it, and its parameters.

    parameters: the name that a configuration uses → scikit-learn's name inside the pipeline; tasks:
    those that it can do; kind: which of several estimators the builder is to make.
    """

    description: str
    builder: str
    parameters: Mapping[str, str]
    tasks: frozenset[str] = frozenset({"text-classification"})
    kind: str = ""

    def make(self, seed: int, sizes: Sequence[int] | None = None) -> BaseEstimator:
        """The estimator, unfitted. sizes: of the inputs of a table, as its encoder wants them."""
        made: BaseEstimator
        if sizes is None:
            from switchyard.candidates import builders

            made = getattr(builders, self.builder)(seed)
        else:
            from switchyard.candidates import table_builders

            made = getattr(table_builders, self.builder)(self.kind, list(sizes), seed)
        return made


def build(candidate: Candidate, seed: int, sizes: Sequence[int] | None = None) -> BaseEstimator:
    """The candidate's unfitted estimator: raw URLs in, `predict_proba` (n, 2) out.

    sizes: of the inputs of a table; then coded rows in. RequestError names an estimator or a
    parameter that does not exist, and the nearest that does.
    """
    entry = find(candidate.estimator)
    estimator = entry.make(seed, sizes)
    return estimator.set_params(**nested(candidate, candidate.parameters))


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


_REGRESSION = frozenset({"regression"})
_TREE = {"depth": "depth", "min_rows": "min_rows", "columns": "columns"}
_FOREST = {**_TREE, "trees": "trees", "n_jobs": "n_jobs"}


def _regressor(description: str, builder: str, kind: str, names: Iterable[str]) -> Entry:
    parameters = {name: f"model__{name}" for name in names}
    return Entry(description, builder, parameters, _REGRESSION, kind)


REGRESSORS: Mapping[str, Entry] = {
    "linear": _regressor("least squares", "linear", "ordinary", ()),
    "ridge": _regressor("least squares with a penalty on squares", "linear", "ridge", ["alpha"]),
    "lasso": _regressor("least squares with a penalty on sizes", "linear", "lasso", ["alpha"]),
    "elastic-net": _regressor(
        "least squares with both penalties", "linear", "elastic-net", ["alpha", "mix"]
    ),
    "decision-tree": _regressor("one tree", "trees", "decision-tree", _TREE),
    "random-forest": _regressor("trees on drawn rows", "trees", "random-forest", _FOREST),
    "extra-trees": _regressor("trees with drawn splits", "trees", "extra-trees", _FOREST),
    "gradient-boosting": _regressor(
        "trees on what is left over, one after the other",
        "trees",
        "gradient-boosting",
        [*_TREE, "trees", "learning_rate", "loss", "patience"],
    ),
    "adaboost": _regressor(
        "trees on what was wrong, and their weighted median",
        "trees",
        "adaboost",
        [*_TREE, "trees", "learning_rate", "loss"],
    ),
}

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

CATALOGUE: Mapping[str, Entry] = {**TEXT_CLASSIFIERS, **REGRESSORS}
