"""The model behind BentoML as its tutorial writes it: a class service with one API."""

from __future__ import annotations

import bentoml

from benchmarks.serving_peers.model import open_predictor
from benchmarks.serving_peers.schemas import Answer, Instances
from benchmarks.serving_peers.schemas import answer as answer_of


@bentoml.service
class Plain:
    """One synchronous API, everything else as BentoML comes."""

    def __init__(self) -> None:
        self._predictor = open_predictor()

    @bentoml.api
    def predict(self, instances: Instances) -> Answer:
        return answer_of(self._predictor, instances)
