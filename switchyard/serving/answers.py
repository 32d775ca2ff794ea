"""Bodies of `/predict`: from the request's JSON to the answer's, as bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from switchyard.data.notices import SYNTHETIC
from switchyard.serving.instances import InstanceParser
from switchyard.serving.predictor import Predictor, Scored
from switchyard.serving.problems import Fault, Problem
from switchyard.serving.samples import columns_of, sample_instances

_FEW = 4
"""Up to so many rows are quicker one by one than as arrays."""

_NUMBER = '{"value":%r,"low":%r,"high":%r'


class Predictions(NamedTuple):
    """JSON of the predictions without brackets; how many there are, and how many positive.

    values: the numbers, where such are predicted.
    """

    text: bytes
    rows: int
    positive: int
    values: Sequence[float] = ()


class Answerer:
    """Answers prediction requests of one model of texts.

    The answer is the same text for the same rows however many stand in the request.
    """

    def __init__(self, predictor: Predictor, max_instances: int) -> None:
        self.predictor = predictor
        self.parser = InstanceParser(predictor.manifest.inputs, max_instances)
        self._column = next(iter(predictor.manifest.inputs))
        assert predictor.labels is not None
        self._positive = _prediction(predictor.labels.positive) + "}"
        self._negative = _prediction(predictor.labels.negative) + "}"
        self._threshold = predictor.threshold
        self._middle, self._end = envelope(predictor)

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
            is_positive = score >= self._threshold
            text = (self._positive if is_positive else self._negative) % score
            return Predictions(text.encode(), 1, int(is_positive))
        if len(urls) <= _FEW:
            found = [self.predictor.score_one(url) for url in urls]
            if any(reason is not None for _, reason in found):
                raise self._unusable([reason for _, reason in found])
            scores = [score for score, _ in found]
            positive = [score >= self._threshold for score in scores]
        else:
            scored = self.usable(columns)
            assert scored.positive is not None
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


class TableAnswerer:
    """Answers prediction requests of one model of a table; otherwise as `Answerer`."""

    def __init__(self, predictor: Predictor, max_instances: int) -> None:
        self.predictor = predictor
        self.parser = InstanceParser(predictor.manifest.inputs, max_instances)
        self._middle, self._end = envelope(predictor)

    def warm(self) -> None:
        """As of `Answerer`."""
        for size in (1, _FEW + 1):
            instances = sample_instances(self.predictor.manifest.inputs, size, 0)
            self.predictions(columns_of(instances, self.parser.names))

    def parse(self, body: bytes) -> dict[str, list[Any]]:
        """As of `Answerer`."""
        return self.parser.columns(body)

    def predictions(self, columns: dict[str, list[Any]]) -> Predictions:
        """As of `Answerer`; a prediction has `warnings` where there are some."""
        scored = self.usable(columns)
        texts = self._texts(scored)
        for row, found in scored.warned.items():
            told = json.dumps([said for _, said in found], separators=(",", ":"))
            texts[row] += f',"warnings":{told}'
        text = ",".join([f"{each}}}" for each in texts]).encode()
        if scored.positive is None:
            return Predictions(text, len(texts), 0, scored.scores.tolist())
        return Predictions(text, len(texts), int(scored.positive.sum()))

    def usable(self, columns: dict[str, Any]) -> Scored:
        """As of `Answerer`."""
        scored = self.predictor.score(columns)
        if not scored.faults:
            return scored
        faults: list[Fault] = [
            {"where": f"instances.{row}.{name}" if name else f"instances.{row}", "message": said}
            for row, found in sorted(scored.faults.items())
            for name, said in found
        ]
        raise Problem(422, f"'{faults[0]['where']}': {faults[0]['message']}", faults)

    def answer(self, request_id: bytes, predictions: Predictions) -> bytes:
        """The whole answer."""
        return b'{"request_id":"' + request_id + self._middle + predictions.text + self._end

    def _texts(self, scored: Scored) -> list[str]:
        """Each prediction's JSON without its closing brace."""
        scores = scored.scores.tolist()
        if scored.positive is None or self.predictor.labels is None:
            assert scored.low is not None
            assert scored.high is not None
            rows = zip(scores, scored.low.tolist(), scored.high.tolist(), strict=True)
            return [_NUMBER % row for row in rows]
        labels = self.predictor.labels
        named = (_prediction(labels.negative), _prediction(labels.positive))
        found = zip(scores, scored.positive.tolist(), strict=True)
        return [named[is_positive] % score for score, is_positive in found]


AnyAnswerer: TypeAlias = Answerer | TableAnswerer


def answerer_of(predictor: Predictor, max_instances: int) -> AnyAnswerer:
    """What answers for this model."""
    return (TableAnswerer if predictor.on_tables else Answerer)(predictor, max_instances)


def envelope(predictor: Predictor) -> tuple[bytes, bytes]:
    """What stands in an answer between the request's id and the predictions, and after them."""
    manifest = predictor.manifest
    rule = (
        f'"threshold":{json.dumps(predictor.threshold)}'
        if manifest.band is None
        else f'"coverage":{json.dumps(manifest.band.coverage)}'
    )
    version = json.dumps(predictor.version)
    end = b"]"
    if manifest.data.synthetic:
        end += b',"notice":' + json.dumps(SYNTHETIC).encode()
    return f'","model_version":{version},{rule},"predictions":['.encode(), end + b"}"


def _prediction(label: str) -> str:
    return '{"label":' + json.dumps(label).replace("%", "%%") + ',"score":%r'
