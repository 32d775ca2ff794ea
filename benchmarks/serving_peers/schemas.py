"""The bodies as a FastAPI or BentoML program declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from switchyard.serving.predictor import Predictor


class Instance(BaseModel):
    url: Annotated[str, Field(max_length=8192)]


Instances = Annotated[list[Instance], Field(min_length=1, max_length=10_000)]


class Request(BaseModel):
    instances: Instances


class Prediction(BaseModel):
    label: str
    score: float


class Answer(BaseModel):
    model_version: str
    threshold: float
    predictions: list[Prediction]


def answer(predictor: Predictor, instances: list[Instance]) -> Answer:
    """The answer to a request, row by row."""
    found = []
    for instance in instances:
        score, _ = predictor.score_one(instance.url)
        found.append(Prediction(label=predictor.label(score), score=score))
    return Answer(model_version=predictor.version, threshold=predictor.threshold, predictions=found)
