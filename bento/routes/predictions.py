"""`/predict`, `/explain` and `/feedback`."""

from __future__ import annotations

from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from bento.bodies import declared_length, read_body, require_json
from bento.routes.documents import (
    BODY,
    ExplainAnswer,
    FeedbackAnswer,
    PredictAnswer,
    json_body,
    problems,
)
from bento.runtime import Runtime
from switchyard.capture.recorder import UnknownRequest
from switchyard.data.notices import SYNTHETIC
from switchyard.serving.instances import InstanceParser, refuse_repeated_keys, unfit
from switchyard.serving.problems import Problem

FEEDBACK = "/feedback"
_FEEDBACK_BYTES = 10_000


def whole(value: object) -> object:
    """JSON has one kind of number: 1.0 is the integer 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Feedback(BaseModel):
    """What an instance truly was."""

    model_config = ConfigDict(extra="forbid", strict=True)

    request_id: Annotated[str, Field(min_length=1, max_length=200)]
    label: Annotated[str, Field(max_length=200)]
    instance: Annotated[int, BeforeValidator(whole), Field(ge=0, lt=2**31)] = 0


def router(runtime: Runtime) -> APIRouter:
    """The routes for one model: its inputs and labels are in their document."""
    routes = APIRouter(tags=["Predictions"])
    limits = runtime.settings.serving.limits
    inputs, labels = runtime.manifest.inputs, runtime.manifest.labels
    explained = InstanceParser(inputs, limits.max_explained)
    example = {"instances": [dict.fromkeys(inputs, "paypa1-login.example/verify")]}
    schemas = {
        most: TypeAdapter(InstanceParser(inputs, most).request_type).json_schema(
            ref_template="#/components/schemas/{model}"
        )
        for most in (limits.max_instances, limits.max_explained)
    }

    async def body_of(request: Request, most: int) -> bytes:
        require_json(request.scope["headers"])
        return await read_body(
            request.receive, request.scope["headers"], most, limits.body_timeout_s
        )

    @routes.post(
        "/predict",
        response_model=PredictAnswer,
        responses=problems(*BODY),
        openapi_extra=json_body(inlined(schemas[limits.max_instances]), example),
    )
    async def predict(request: Request) -> Response:
        """Label and score of each instance."""
        raise AssertionError(f"'{request.url.path}' is answered by bento.lane")

    @routes.post(
        "/explain",
        response_model=ExplainAnswer,
        responses=problems(*BODY),
        openapi_extra=json_body(inlined(schemas[limits.max_explained]), example),
    )
    async def explain(request: Request) -> ExplainAnswer:
        """Why each instance gets its score: contributions to the log-odds that add up to it."""
        most = int(limits.max_body_mb * 1e6)
        runtime.admission.check(declared_length(request.scope["headers"], most))
        body = await body_of(request, most)
        with runtime.admission.queued(len(body)):
            found = await anyio.to_thread.run_sync(
                lambda: explanations(runtime, explained.columns(body))
            )
        notice = SYNTHETIC if runtime.manifest.data.synthetic else None
        return ExplainAnswer(
            request_id=runtime.recorder.issue_unkept(len(found)).decode(),
            model_version=runtime.settings.model_version,
            threshold=runtime.manifest.threshold,
            explanations=found,
            notice=notice,
        )

    example_feedback = {"request_id": "…", "label": labels.positive, "instance": 0}
    schema = inlined(Feedback.model_json_schema())
    schema["properties"]["label"]["enum"] = [labels.positive, labels.negative]

    @routes.post(
        FEEDBACK,
        response_model=FeedbackAnswer,
        responses=problems(*BODY, 404),
        openapi_extra=json_body(schema, example_feedback),
    )
    async def feedback(request: Request) -> FeedbackAnswer:
        """Tell the true label of an instance that was predicted; the latest one counts."""
        body = await body_of(request, _FEEDBACK_BYTES)
        try:
            given = Feedback.model_validate_json(body)
        except ValidationError as error:
            raise unfit(error) from None
        refuse_repeated_keys(body)
        if given.label not in (labels.positive, labels.negative):
            known = f"'{labels.positive}' or '{labels.negative}'"
            message = f"the label must be {known}"
            raise Problem(422, f"'label': {message}", [{"where": "label", "message": message}])
        await anyio.to_thread.run_sync(record, runtime, given)
        return FeedbackAnswer(
            request_id=given.request_id,
            instance=given.instance,
            label=given.label,
            status="recorded",
        )

    return routes


def explanations(runtime: Runtime, columns: dict[str, list[Any]]) -> list[Any]:
    """The explanations of rows that can all be scored; Problem 422 naming those that cannot."""
    from switchyard.explanations.explaining import explain

    answerer = runtime.require_model()
    scored = answerer.usable(columns)
    predictor = answerer.predictor
    found = explain(predictor.model.estimator, next(iter(columns.values())))
    return [
        {
            "label": predictor.label(score),
            "score": score,
            "margin": each.margin,
            "base": each.base,
            "text": each.text,
            "contributions": [vars(one) for one in each.contributions],
        }
        for each, score in zip(found, scored.scores.tolist(), strict=True)
    ]


def record(runtime: Runtime, given: Feedback) -> None:
    """Keep a label; Problem 404 for a request that was not answered or not kept here."""
    try:
        runtime.recorder.feedback(given.request_id, given.instance, given.label)
    except UnknownRequest as error:
        raise Problem(404, str(error)) from error


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema with its definitions put where they are referred to."""
    definitions = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolved(definitions[node["$ref"].rpartition("/")[2]])
            return {key: resolved(value) for key, value in node.items()}
        return [resolved(item) for item in node] if isinstance(node, list) else node

    inline: dict[str, Any] = resolved(schema)
    return inline
