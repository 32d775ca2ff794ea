"""The shapes of the API's answers, and what its document says of those that are no success."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel, Field

from bento.runtime import Runtime
from switchyard.serving.problems import MEDIA_TYPE

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Problem details, RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "message"],
                "properties": {"where": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

WHY = {
    400: "The body is not JSON, or names a key twice.",
    401: "The API key is missing or wrong.",
    404: "There is nothing of this id.",
    405: "The route does not take this method; Allow says which.",
    408: "The body did not arrive in time.",
    409: "The job has not finished.",
    410: "The job failed or was cancelled.",
    413: "The body is too large.",
    415: "The body's type or encoding is not taken.",
    422: "The body is not as declared, or an instance cannot be scored.",
    503: "Too much work is waiting, or the model is being loaded.",
}
BODY = (400, 401, 408, 413, 415, 422, 503)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The document's entries for answers with these statuses."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        entry: dict[str, Any] = {
            "description": WHY[status],
            "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}},
        }
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            entry["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "required": True}}
        found[status] = entry
    return found


def json_body(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """The document's entry for a JSON request body."""
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def runtime_of(request: Request) -> Runtime:
    """The state that the application was started with."""
    runtime: Runtime = request.app.state.runtime
    return runtime


class Prediction(BaseModel):
    """What the model says of one instance."""

    label: str
    score: float = Field(description="Probability of the positive label.", ge=0, le=1)


class PredictAnswer(BaseModel):
    """The predictions, in the order of the instances."""

    request_id: str
    model_version: str
    threshold: float = Field(description="Scores at or above it get the positive label.")
    predictions: list[Prediction]
    notice: str | None = Field(default=None, description="There only when it must be said.")


class ContributionDocument(BaseModel):
    """What one feature adds to the log-odds; start and end are places in `text`."""

    feature: str
    value: float | str | None
    contribution: float
    start: int | None
    end: int | None


class ExplanationDocument(BaseModel):
    """base + the sum of the contributions = margin; score = 1 / (1 + exp(-margin))."""

    label: str
    score: float
    margin: float
    base: float
    text: str
    contributions: list[ContributionDocument]


class ExplainAnswer(BaseModel):
    """The explanations, in the order of the instances."""

    request_id: str
    model_version: str
    threshold: float
    explanations: list[ExplanationDocument]
    notice: str | None = None


class FeedbackAnswer(BaseModel):
    """The true label as it is on record now."""

    request_id: str
    instance: int
    label: str
    status: Literal["recorded"]


class NumberFeedbackAnswer(BaseModel):
    """The true number as it is on record now."""

    request_id: str
    instance: int
    label: float
    status: Literal["recorded"]
