"""Bodies of `/predict`: from the request's JSON to the answer's, as bytes."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np

from switchyard.data.notices import SYNTHETIC
from switchyard.serving.instances import InstanceParser
from switchyard.serving.predictor import Predictor, Scored
from switchyard.serving.problems import Fault, Problem

_FEW = 4
"""Up to so many rows are quicker one by one than as arrays."""


class Predictions(NamedTuple):
    """JSON of the predictions without brackets; how many there are, and how many positive."""

    text: bytes
    rows: int
    positive: int


class Answerer:
    """Answers prediction requests of one model.

    The answer is the same text for the same rows however many stand in the request.
    """

    def __init__(self, predictor: Predictor, max_instances: int) -> None:
        self.predictor = predictor
        self.parser = InstanceParser(predictor.manifest.inputs, max_instances)
        self._column = next(iter(predictor.manifest.inputs))
        self._positive = _prediction(predictor.labels.positive)
        self._negative = _prediction(predictor.labels.negative)
        version, threshold = json.dumps(predictor.version), json.dumps(predictor.threshold)
        self._middle = (
            f'","model_version":{version},"threshold":{threshold},"predictions":['
        ).encode()
        self._end = b"]"
        if predictor.manifest.data.synthetic:
            self._end += b',"notice":' + json.dumps(SYNTHETIC).encode()
        self._end += b"}"

    def warm(self) -> None:
        """Load what the first answer would wait for: compiled kernels, lazily imported parts."""
        for size in (1, _FEW + 1):
            self.predictor.score({name: ["warm.example/up"] * size for name in self.parser.names})
        self.predictor.score_one("warm.example/up")

    def parse(self, body: bytes) -> dict[str, list[Any]]:
        """The columns of a request; Problem as of `InstanceParser.columns`."""
        return self.parser.columns(body)

    def predictions(self, columns: dict[str, list[Any]]) -> Predictions:
        """The predictions of all rows. Problem 422 naming rows without an answer."""
        urls = columns[self._column]
        if len(urls) == 1:
            score, reason = self.predictor.score_one(urls[0])
            if reason is not None:
                raise self._unusable([reason])
            is_positive = score >= self.predictor.threshold
            text = (self._positive if is_positive else self._negative) % score
            return Predictions(text.encode(), 1, int(is_positive))
        if len(urls) <= _FEW:
            found = [self.predictor.score_one(url) for url in urls]
            if any(reason is not None for _, reason in found):
                raise self._unusable([reason for _, reason in found])
            scores = [score for score, _ in found]
            positive = [score >= self.predictor.threshold for score in scores]
        else:
            scored = self.usable(columns)
            scores, positive = scored.scores.tolist(), scored.positive.tolist()
        text = ",".join(
            [
                (self._positive if is_positive else self._negative) % score
                for score, is_positive in zip(scores, positive, strict=True)
            ]
        )
        return Predictions(text.encode(), len(scores), sum(positive))

    def usable(self, columns: dict[str, Any]) -> Scored:
        """The scores of rows that can all be scored; Problem 422 naming those that cannot."""
        scored = self.predictor.score(columns)
        if np.isnan(scored.scores).any():
            raise self._unusable(scored.problems.to_pylist())
        return scored

    def answer(self, request_id: bytes, predictions: Predictions) -> bytes:
        """The whole answer."""
        return b'{"request_id":"' + request_id + self._middle + predictions.text + self._end

    def _unusable(self, reasons: list[str | None]) -> Problem:
        faults: list[Fault] = [
            {"where": f"instances.{at}.{self._column}", "message": reason}
            for at, reason in enumerate(reasons)
            if reason is not None
        ]
        return Problem(422, f"'{faults[0]['where']}': {faults[0]['message']}", faults)


def _prediction(label: str) -> str:
    return '{"label":' + json.dumps(label).replace("%", "%%") + ',"score":%r}'
