"""Explanations of boosted trees: what each number adds, by LightGBM's own exact TreeSHAP."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from switchyard.explanations.results import Contribution, Explanation, explanation
from switchyard.models.evidence import EVIDENCE_NAMES
from switchyard.models.trees import load_lightgbm
from switchyard.urls.lexical import LEXICAL_NAMES, lexical_features

GROUP = "hashed n-grams"
"""What the names of the fast model's evidence begin with."""


def explanations(estimator: Any, urls: pa.LargeStringArray) -> list[Explanation]:
    """One for each URL; they are in canonical form already."""
    numbers, names = lexical_features(urls), list(LEXICAL_NAMES)
    model = estimator[-1] if hasattr(estimator, "steps") else estimator
    if model is estimator:
        numbers = np.hstack([model.fast_.evidence_canonical(urls), numbers])
        names = [*(f"{GROUP}: {name}" for name in EVIDENCE_NAMES), *names]
    booster = _booster(model.booster_)
    margins = booster.predict(numbers, raw_score=True, num_threads=model.n_jobs)
    parts = booster.predict(numbers, pred_contrib=True, num_threads=model.n_jobs)
    return [
        explanation(text, float(part[-1]), float(margin), _named(names, row, part))
        for text, margin, row, part in zip(urls.to_pylist(), margins, numbers, parts, strict=True)
    ]


def _named(
    names: list[str], row: npt.NDArray[np.float32], part: npt.NDArray[np.float64]
) -> list[Contribution]:
    """The contribution of each number; single precision is told in the digits that it has."""
    return [
        Contribution(name, float(str(value)), amount, None, None)
        for name, value, amount in zip(names, row, part[:-1].tolist(), strict=True)
    ]


@lru_cache(maxsize=2)
def _booster(text: str) -> Any:
    """The trees of a model, built from their text once."""
    return load_lightgbm().Booster(model_str=text)
