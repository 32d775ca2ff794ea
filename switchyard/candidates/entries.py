"""What the catalogue says of an estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class Entry:
    """One estimator: what it is, the function of `builders` that makes it, and its parameters.

    parameters: the name that a configuration uses → scikit-learn's name inside the pipeline; tasks:
    those that it can do; kind: which of several estimators the builder is to make; library: what
    has to be installed beside this package's own needs.
    """

    description: str
    builder: str
    parameters: Mapping[str, str]
    tasks: frozenset[str] = frozenset({"text-classification"})
    kind: str = ""
    library: str = ""

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
