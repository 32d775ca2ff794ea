"""Bodies of `/feedback`: one of two labels, or a number that can be one."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from switchyard.packages.manifest import Manifest, Predicted
from switchyard.serving.instances import refuse_repeated_keys, unfit
from switchyard.serving.problems import Problem
from switchyard.tables.plausible import of_target


def whole(value: object) -> object:
    """JSON has one kind of number: 1.0 is the integer 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _Place(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    request_id: Annotated[str, Field(min_length=1, max_length=200)]
    instance: Annotated[int, BeforeValidator(whole), Field(ge=0, lt=2**31)] = 0


class Feedback(_Place):
    """What an instance truly was."""

    label: Annotated[str, Field(max_length=200)]


class NumberFeedback(_Place):
    """The number that truly belongs to an instance."""

    label: Annotated[float, Field(allow_inf_nan=False)]


AnyFeedback: TypeAlias = Feedback | NumberFeedback


class FeedbackParser:
    """Reads what people say of predictions of one model."""

    def __init__(self, manifest: Manifest) -> None:
        self._labels, self._predicted = manifest.labels, manifest.predicted
        self._type = Feedback if self._predicted is None else NumberFeedback

    def read(self, body: bytes) -> AnyFeedback:
        """The feedback; Problem 400 when it is no JSON, 422 when it cannot be true of the model."""
        try:
            given: AnyFeedback = self._type.model_validate_json(body)
        except ValidationError as error:
            raise unfit(error) from None
        refuse_repeated_keys(body)
        message = self._fault(given)
        if message:
            raise Problem(422, f"'label': {message}", [{"where": "label", "message": message}])
        return given

    def schema(self) -> dict[str, Any]:
        """The JSON schema of a body."""
        schema = self._type.model_json_schema()
        label = schema["properties"]["label"]
        if self._labels is not None:
            label["enum"] = [self._labels.positive, self._labels.negative]
        for key, bound in _bounds(self._predicted).items():
            label[key] = bound
        return schema

    def example(self) -> dict[str, Any]:
        """A body as it may be."""
        truth = self._labels.positive if self._labels else _middle(self._predicted)
        return {"request_id": "…", "label": truth, "instance": 0}

    def _fault(self, given: AnyFeedback) -> str:
        if isinstance(given, Feedback):
            assert self._labels is not None
            known = (self._labels.positive, self._labels.negative)
            return "" if given.label in known else f"the label must be '{known[0]}' or '{known[1]}'"
        bounds = _bounds(self._predicted)
        if given.label < bounds.get("minimum", given.label):
            return f"the number must not be below {bounds['minimum']:g}"
        if given.label > bounds.get("maximum", given.label):
            return f"the number must not be above {bounds['maximum']:g}"
        return ""


def text_of(given: AnyFeedback) -> str:
    """The truth as it is kept."""
    return given.label if isinstance(given, Feedback) else repr(given.label)


def _bounds(predicted: Predicted | None) -> dict[str, float]:
    """What a true number may be: within the target's bounds, or not far from what was trained."""
    if predicted is None:
        return {}
    held = of_target(predicted)
    return {"minimum": held.low, "maximum": held.high}


def _middle(predicted: Predicted | None) -> float:
    assert predicted is not None
    return float(f"{(predicted.lowest + predicted.highest) / 2:.4g}")
