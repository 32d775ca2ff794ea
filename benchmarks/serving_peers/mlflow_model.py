"""The model as MLflow takes it from code; `mlflow models serve` serves what is saved of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd


class PackagedModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Loads the package, without pickle, through the same predictor as everybody."""

    def load_context(self, context: Any) -> None:
        from switchyard.serving.predictor import Predictor

        self._predictor = Predictor.open(Path(context.artifacts["package"]), "1")
        self._predictor.score_one("warm.example/up")

    def predict(self, context: Any, model_input: pd.DataFrame) -> list[dict[str, Any]]:
        del context
        found = []
        for url in model_input["url"]:
            score, _ = self._predictor.score_one(url)
            found.append({"label": self._predictor.label(score), "score": score})
        return found


# This file is the model: MLflow runs it when it loads one that was saved from code.
mlflow.models.set_model(PackagedModel())
