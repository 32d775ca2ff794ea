"""What every peer shares: the package that all servers serve, opened as the service opens it."""

from __future__ import annotations

import os
from pathlib import Path

from switchyard.serving.predictor import Predictor

PACKAGE_VARIABLE = "BENCHMARK_PACKAGE"


def open_predictor() -> Predictor:
    """The predictor of the package that the environment names, warm."""
    predictor = Predictor.open(Path(os.environ[PACKAGE_VARIABLE]), "1")
    predictor.score_one("warm.example/up")
    predictor.score({"url": ["warm.example/up"] * 5})
    return predictor
