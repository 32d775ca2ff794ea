"""How the estimators of tables are made: the encoder of their rows, then the model."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from switchyard.tables.encoding import TableEncoder
from switchyard.tables.linear import LinearRegressor
from switchyard.tables.trees import TreesRegressor


def linear(kind: str, sizes: list[int], seed: int) -> Pipeline:
    model = LinearRegressor(kind, random_state=seed)
    return Pipeline([("encode", TableEncoder(sizes)), ("model", model)])


def trees(kind: str, sizes: list[int], seed: int) -> Pipeline:
    model = TreesRegressor(kind, random_state=seed)
    return Pipeline([("encode", TableEncoder(sizes, scale=False)), ("model", model)])
