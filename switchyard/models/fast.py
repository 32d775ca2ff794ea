"""The fast tier: hashed n-grams of a URL into a logistic regression learnt by AdaGrad."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from switchyard.errors import DataError, RequestError
from switchyard.models import kernel
from switchyard.models.evidence import EVIDENCE_NAMES, weigh
from switchyard.models.rows import check_rows, two_classes
from switchyard.urls.bulk import buffers, canonicalise_all
from switchyard.urls.canonical import canonicalise

Floats = npt.NDArray[np.float64]

_FIRST_SUM = np.float16(1e-3)
"""Where the sums of squared gradients start: about what a weight's first row adds."""


class HashedNgramClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Tells two classes of URLs apart by hashed n-grams, words, shapes and counts of host and rest.

    X is a 1-D sequence of URL strings as pasted; they are put into canonical form first. Features
    are computed anew in each pass by one compiled kernel, so that memory stays at a few tens of
    megabytes beside the URLs themselves. The same rows and `random_state` give the same weights.

    bits: the table has 2^bits weights; epochs: passes of `fit`; learning_rate: AdaGrad's;
    l2: penalty on the weights a row touches; min_n, max_n: length of the character n-grams;
    random_state: seed of the order of rows.
    Fitted state: `classes_`; `weights_`, float32 rounded to half precision; `sums_`, float16, the
    squared gradients with which `partial_fit` goes on; `bias_`, float64 (2,), the same two;
    `batches_`, how often `partial_fit` was called.
    """

    weights_: npt.NDArray[np.float32]
    sums_: npt.NDArray[np.float16]
    bias_: Floats
    batches_: int

    def __init__(
        self,
        *,
        bits: int = 20,
        epochs: int = 4,
        learning_rate: float = 0.6,
        l2: float = 0.0,
        min_n: int = 2,
        max_n: int = 6,
        random_state: int = 0,
    ) -> None:
        self.bits = bits
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.l2 = l2
        self.min_n = min_n
        self.max_n = max_n
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from nothing; DataError unless there are as many labels as URLs, of two classes."""
        self._check_parameters()
        urls, labels = check_rows(X, y)
        self.classes_ = two_classes(labels)
        self._reset()
        self._learn(urls, labels, self.epochs, np.random.default_rng(self.random_state))
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Go on learning: one pass over new rows. `classes` is needed on the first call only."""
        self._check_parameters()
        urls, labels = check_rows(X, y)
        known: Any = getattr(self, "classes_", None)
        if known is None and classes is None:
            raise RequestError("the first partial_fit needs classes=…, e.g. classes=[0, 1]")
        wanted = np.unique(known if classes is None else classes)
        if len(wanted) != 2 or (known is not None and not np.array_equal(known, wanted)):
            raise RequestError(f"classes must be the same two in every call, not {wanted.tolist()}")
        strange = np.setdiff1d(labels, wanted)
        if len(strange):
            raise DataError(f"label {strange[0]} is not one of the classes {wanted.tolist()}")
        if known is None:
            self.classes_ = wanted
            self._reset()
        self.batches_ += 1
        self._learn(urls, labels, 1, np.random.default_rng([self.random_state, self.batches_]))
        return self

    def decision_function(self, X: Any) -> Floats:
        """Log-odds of the second class, one a row."""
        return self._scores(X)[0]

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities (n, 2) in the order of `classes_`."""
        positive = self._scores(X)[1]
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class of each row."""
        likelier = self._scores(X)[1] >= 0.5
        chosen: npt.NDArray[Any] = self.classes_[likelier.astype(np.intp)]
        return chosen

    def score_one(self, url: str) -> float:
        """The probability of the second class for one URL, as `predict_proba([url])[0, 1]`."""
        if not hasattr(self, "weights_"):
            check_is_fitted(self, "weights_")
        return self.score_canonical_one(canonicalise(url))

    def score_canonical_one(self, url: str) -> float:
        """The probability of the second class for one URL that is in canonical form already."""
        data = np.frombuffer(url.encode("ascii"), np.uint8)
        return float(kernel.score_one(data, self.weights_, self.bias_, self.min_n, self.max_n))

    def score_canonical(self, array: pa.LargeStringArray) -> tuple[Floats, Floats]:
        """Log-odds and probability of each row of an array that is in canonical form already."""
        check_is_fitted(self, "weights_")
        data, offsets = buffers(array)
        margins, chances = np.empty(len(array)), np.empty(len(array))
        kernel.score(
            data, offsets, self.weights_, self.bias_, self.min_n, self.max_n, margins, chances
        )
        return margins, chances

    def evidence_canonical(self, array: pa.LargeStringArray) -> npt.NDArray[np.float32]:
        """What the log-odds are made of: (n, len(EVIDENCE_NAMES)) for rows in canonical form."""
        check_is_fitted(self, "weights_")
        data, offsets = buffers(array)
        numbers = np.empty((len(array), len(EVIDENCE_NAMES)), np.float32)
        weigh(
            data, offsets, self.weights_, self.sums_.view(np.uint16), _FIRST_SUM.view(np.uint16),
            self.bias_, self.min_n, self.max_n, numbers,
        )  # fmt: skip
        return numbers

    def _scores(self, X: Any) -> tuple[Floats, Floats]:
        check_is_fitted(self, "weights_")
        return self.score_canonical(canonicalise_all(X))

    def _learn(
        self,
        urls: pa.LargeStringArray,
        labels: npt.NDArray[Any],
        epochs: int,
        order: np.random.Generator,
    ) -> None:
        data, offsets = buffers(urls)
        positive = (labels == self.classes_[1]).astype(np.int8)
        table = np.column_stack([self.weights_, self.sums_.astype(np.float32)])
        rate, decay = np.float32(self.learning_rate), np.float32(self.l2)
        rows = np.arange(len(urls), dtype=np.int32)
        for _ in range(epochs):
            order.shuffle(rows)
            kernel.learn(
                data, offsets, rows, positive, table, self.bias_, rate, decay,
                self.min_n, self.max_n,
            )  # fmt: skip
        self.weights_ = table[:, 0].astype(np.float16).astype(np.float32)
        self.sums_ = np.minimum(table[:, 1], np.finfo(np.float16).max).astype(np.float16)

    def _reset(self) -> None:
        size = 1 << self.bits
        self.weights_ = np.zeros(size, np.float32)
        self.sums_ = np.full(size, _FIRST_SUM)
        self.bias_ = np.array([0.0, 1.0])
        self.batches_ = 0

    def _check_parameters(self) -> None:
        bounds = {"bits": (8, 28), "epochs": (1, 1000), "max_n": (1, 16), "min_n": (1, self.max_n)}
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise RequestError(f"{name} is {value}; choose a value from {low} to {high}")
        if self.learning_rate <= 0 or self.l2 < 0:
            raise RequestError(
                f"learning_rate must be above 0 and l2 not below, "
                f"not {self.learning_rate} and {self.l2}"
            )

    def __getstate__(self) -> dict[str, Any]:
        """As saved: half-precision weights, which is what they hold, at half the size."""
        state = dict(super().__getstate__())
        if "weights_" in state:
            state["weights_"] = state["weights_"].astype(np.float16)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "weights_" in state:
            self.weights_ = np.asarray(state["weights_"]).astype(np.float32)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_class = False
        return tags
