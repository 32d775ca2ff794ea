"""`/predict`, `/explain` and `/feedback`."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from bento.bodies import declared_length, read_body, require_json
from bento.routes.documents import BODY, json_body, problems
from bento.routes.tables import shapes
from bento.routes.truths import AnyFeedback, FeedbackParser, text_of
from bento.runtime import Runtime
from switchyard.capture.recorder import UnknownRequest
from switchyard.data.notices import SYNTHETIC
from switchyard.serving.instances import InstanceParser
from switchyard.serving.predictor import Scored
from switchyard.serving.problems import Problem
from switchyard.serving.reasons import explained as reasons
from switchyard.serving.samples import sample_instances

FEEDBACK = "/feedback"
_FEEDBACK_BYTES = 10_000


def router(runtime: Runtime) -> APIRouter:
    """The routes for one model: its inputs and what it answers are in their document."""
    routes = APIRouter(tags=["Predictions"])
    limits = runtime.settings.serving.limits
    manifest = runtime.manifest
    inputs, shape = manifest.inputs, shapes(manifest)
    explained = InstanceParser(inputs, limits.max_explained)
    told = FeedbackParser(manifest)
    example = {"instances": sample_instances(inputs, 1, 0)}
    asked = inlined(InstanceParser(inputs, limits.max_instances).json_schema())

    async def body_of(request: Request, most: int) -> bytes:
        require_json(request.scope["headers"])
        return await read_body(
            request.receive, request.scope["headers"], most, limits.body_timeout_s
        )

    @routes.post(
        "/predict",
        response_model=shape.predict,
        responses=problems(*BODY),
        openapi_extra=json_body(asked, example),
    )
    async def predict(request: Request) -> Response:
        """Label and score of each instance, or the number and its interval."""
        raise AssertionError(f"'{request.url.path}' is answered by bento.lane")

    @routes.post(
        "/explain",
        response_model=shape.explain,
        responses=problems(*BODY),
        openapi_extra=json_body(inlined(explained.json_schema()), example),
    )
    async def explain(request: Request) -> BaseModel:
        """Why each instance gets its score: contributions that add up to its log-odds or number."""
        most = int(limits.max_body_mb * 1e6)
        runtime.admission.check(declared_length(request.scope["headers"], most))
        body = await body_of(request, most)
        with runtime.admission.queued(len(body)):
            found = await anyio.to_thread.run_sync(
                lambda: explanations(runtime, explained.columns(body))
            )
        return shape.explain.model_validate(
            {
                "request_id": runtime.recorder.issue_unkept(len(found)).decode(),
                "model_version": runtime.settings.model_version,
                **rule_of(runtime),
                "explanations": found,
                "notice": SYNTHETIC if manifest.data.synthetic else None,
            }
        )

    @routes.post(
        FEEDBACK,
        response_model=shape.feedback,
        responses=problems(*BODY, 404),
        openapi_extra=json_body(inlined(told.schema()), told.example()),
    )
    async def feedback(request: Request) -> BaseModel:
        """Tell what was true of an instance that was predicted; what is told last counts."""
        given = told.read(await body_of(request, _FEEDBACK_BYTES))
        await anyio.to_thread.run_sync(record, runtime, given)
        return shape.feedback.model_validate({**given.model_dump(), "status": "recorded"})

    return routes


def rule_of(runtime: Runtime) -> dict[str, float | None]:
    """What turns a score into an answer."""
    band = runtime.manifest.band
    return (
        {"threshold": runtime.manifest.threshold} if band is None else {"coverage": band.coverage}
    )


def explanations(runtime: Runtime, columns: dict[str, list[Any]]) -> list[Any]:
    """The explanations of rows that can all be scored; Problem 422 naming those that cannot."""
    answerer = runtime.require_model()
    scored = answerer.usable(columns)
    heads = explained_heads(runtime, scored)
    found = reasons(answerer.predictor, columns)
    return [
        {
            **(head or {"value": each.margin}),
            "margin": each.margin,
            "base": each.base,
            "text": each.text,
            "contributions": [vars(one) for one in each.contributions],
        }
        for each, head in zip(found, heads, strict=True)
    ]


def explained_heads(runtime: Runtime, scored: Scored) -> list[dict[str, Any]]:
    """Label and score of each row, nothing of predicted numbers."""
    scores = scored.scores.tolist()
    labels = runtime.labels(scored)
    if labels is None:
        return [{} for _ in scores]
    return [{"label": label, "score": score} for label, score in zip(labels, scores, strict=True)]


def record(runtime: Runtime, given: AnyFeedback) -> None:
    """Keep a label; Problem 404 for a request that was not answered or not kept here."""
    try:
        runtime.recorder.feedback(given.request_id, given.instance, text_of(given))
    except UnknownRequest as error:
        raise Problem(404, str(error)) from error


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema with its definitions put where they are referred to."""
    definitions = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, dict):
            named = node.get("$ref")
            if isinstance(named, str):  # else it is a column that is called so
                return resolved(definitions[named.rpartition("/")[2]])
            return {key: resolved(value) for key, value in node.items()}
        return [resolved(item) for item in node] if isinstance(node, list) else node

    inline: dict[str, Any] = resolved(schema)
    return inline
