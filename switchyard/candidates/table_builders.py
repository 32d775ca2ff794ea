"""How the estimators of tables are made: the encoder of their rows, then the model."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from switchyard.tables.encoding import TableEncoder
from switchyard.tables.linear import LinearClassifier, LinearRegressor
from switchyard.tables.neighbours import NeighboursRegressor
from switchyard.tables.trees import TreesClassifier, TreesRegressor


def linear(kind: str, sizes: list[int], seed: int) -> Pipeline:
    model = LinearRegressor(kind, random_state=seed)
    return Pipeline([("encode", TableEncoder(sizes)), ("model", model)])


def logistic(kind: str, sizes: list[int], seed: int) -> Pipeline:
    del kind, seed  # there is one, and nothing is drawn
    return Pipeline([("encode", TableEncoder(sizes)), ("model", LinearClassifier())])


def neighbours(kind: str, sizes: list[int], seed: int) -> Pipeline:
    del kind
    model = NeighboursRegressor(random_state=seed)
    return Pipeline([("encode", TableEncoder(sizes)), ("model", model)])


def trees(kind: str, sizes: list[int], seed: int) -> Pipeline:
    model = TreesRegressor(kind, random_state=seed)
    return Pipeline([("encode", TableEncoder(sizes, scale=False)), ("model", model)])


def tree_classifiers(kind: str, sizes: list[int], seed: int) -> Pipeline:
    model = TreesClassifier(kind, random_state=seed)
    return Pipeline([("encode", TableEncoder(sizes, scale=False)), ("model", model)])
