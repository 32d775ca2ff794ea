"""`/v2`: the Open Inference Protocol, which the clients of Triton, KServe and MLServer speak."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from bento.bodies import declared_length, header, read_body
from bento.routes.documents import BODY, json_body, problems
from bento.routes.predictions import inlined
from bento.runtime import Runtime
from switchyard import __version__
from switchyard.packages.manifest import Number
from switchyard.serving.predictor import Scored
from switchyard.serving.problems import Fault, Problem
from switchyard.serving.samples import sample_instances
from switchyard.serving.tensors import (
    Column,
    InferRequest,
    OutputTensor,
    TableInferRequest,
    packed,
    parse,
)
from switchyard.tasks.rows import on_tables

_JSON_LENGTH = b"inference-header-content-length"
_TOLD = 20

Version = Annotated[str, Path(max_length=40)]
ModelName = Annotated[str, Path(max_length=100)]


class ServerDocument(BaseModel):
    """What serves here."""

    name: str
    version: str
    extensions: list[str]


class TensorDocument(BaseModel):
    """A tensor that the model takes or gives; -1 stands for any number of rows."""

    name: str
    datatype: str
    shape: list[int]


class V2ModelDocument(BaseModel):
    """The model as the protocol describes it."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorDocument]
    outputs: list[TensorDocument]


class InferAnswer(BaseModel):
    """The answer's JSON part."""

    model_name: str
    model_version: str
    id: str
    parameters: dict[str, Any] | None = None
    outputs: list[OutputTensor]


def router(runtime: Runtime) -> APIRouter:
    """The routes for one model; each also under `/versions/{version}`."""
    routes = APIRouter(tags=["Open Inference Protocol"], prefix="/v2")
    limits = runtime.settings.serving.limits
    name, version = runtime.settings.name, runtime.settings.model_version
    inputs = runtime.manifest.inputs
    datatypes = {
        each: "FP64" if isinstance(declared, Number) else "BYTES"
        for each, declared in inputs.items()
    }
    gives = {"label": "BYTES", "score": "FP64"}
    if runtime.manifest.labels is None:
        gives = dict.fromkeys(("value", "low", "high"), "FP64")
    body_type = TableInferRequest if on_tables(inputs) else InferRequest
    document = V2ModelDocument(
        name=name,
        versions=[version],
        platform="switchyard",
        inputs=tensors(datatypes),
        outputs=tensors(gives),
    )

    def require(asked: str, asked_version: str | None) -> None:
        if asked != name:
            raise Problem(404, f"there is no such model here; this is '{name}'")
        if asked_version not in (None, version):
            raise Problem(404, f"there is no such version here; this is '{version}'")

    @routes.get("", response_model=ServerDocument, responses=problems(401))
    async def server() -> ServerDocument:
        """Name, version and extensions of the server."""
        return ServerDocument(
            name="switchyard", version=__version__, extensions=["binary_tensor_data"]
        )

    @routes.get("/health/live")
    async def live() -> dict[str, bool]:
        """Whether the server lives."""
        return {"live": True}

    @routes.get("/health/ready", responses=problems(503))
    async def ready() -> dict[str, bool]:
        """Whether the server can answer."""
        runtime.require_model()
        return {"ready": True}

    async def describe(model: ModelName, version: Version | None = None) -> V2ModelDocument:
        """The model's tensors."""
        require(model, version)
        return document

    async def model_ready(model: ModelName, version: Version | None = None) -> dict[str, Any]:
        """Whether the model can answer."""
        require(model, version)
        runtime.require_model()
        return {"name": name, "ready": True}

    async def infer(request: Request, model: ModelName, version: Version | None = None) -> Response:
        """What the model says of each row; binary tensors both ways where they are asked for."""
        require(model, version)
        headers = request.scope["headers"]
        answerer = runtime.require_model()
        most = int(limits.max_body_mb * 1e6)
        runtime.admission.check(declared_length(headers, most))
        body = await read_body(request.receive, headers, most, limits.body_timeout_s)

        def score() -> tuple[InferRequest, dict[str, Column], Scored]:
            asked, found = parse(body, json_length(headers), datatypes, body_type)
            columns = named(asked, found, list(datatypes), limits.max_instances)
            return asked, columns, answerer.usable(columns)

        with runtime.admission.queued(len(body)):
            asked, columns, scored = await anyio.to_thread.run_sync(score)
        request_id = runtime.recorder.issue(len(scored.scores))
        runtime.capture(request_id, columns, scored)
        answer = {
            "model_name": name,
            "model_version": runtime.settings.model_version,
            "id": asked.id or request_id.decode(),
            "parameters": {"request_id": request_id.decode()},
        }
        return packed_answer(answer, asked, outputs_of(scored, runtime.labels(scored)), gives)

    for path in ("/models/{model}", "/models/{model}/versions/{version}"):
        tail = "_of_version" if "version}" in path else ""
        routes.get(
            path,
            response_model=V2ModelDocument,
            responses=problems(401, 404, 422),
            operation_id=f"describe{tail}",
        )(describe)
        routes.get(
            f"{path}/ready", responses=problems(401, 404, 422, 503), operation_id=f"ready{tail}"
        )(model_ready)
        routes.post(
            f"{path}/infer",
            response_model=InferAnswer,
            responses=problems(*BODY, 404),
            operation_id=f"infer{tail}",
            openapi_extra=json_body(
                inlined(body_type.model_json_schema()),
                example_of(datatypes, sample_instances(inputs, 1, 0)[0]),
            ),
        )(infer)
    return routes


def tensors(datatypes: Mapping[str, str]) -> list[TensorDocument]:
    """The description of tensors of these types."""
    return [
        TensorDocument(name=name, datatype=datatype, shape=[-1])
        for name, datatype in datatypes.items()
    ]


def example_of(datatypes: Mapping[str, str], instance: Mapping[str, Any]) -> dict[str, Any]:
    """A request for one row."""
    return {
        "inputs": [
            {"name": name, "shape": [1], "datatype": datatype, "data": [instance[name]]}
            for name, datatype in datatypes.items()
        ]
    }


def outputs_of(scored: Scored, labels: list[str] | None) -> dict[str, list[Any]]:
    """The elements of each output."""
    if labels is not None:
        return {"label": labels, "score": scored.scores.tolist()}
    assert scored.low is not None
    assert scored.high is not None
    columns = {"value": scored.scores, "low": scored.low, "high": scored.high}
    return {name: column.tolist() for name, column in columns.items()}


def json_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """The length of the JSON part, None when the body is JSON alone; Problem 400 if it is none."""
    given = header(headers, _JSON_LENGTH)
    if given is None:
        return None
    if not given.isdigit() or len(given) > 12:
        raise Problem(400, "Inference-Header-Content-Length must be a number of bytes")
    return int(given)


def named(
    asked: InferRequest, columns: list[Column], names: list[str], most: int
) -> dict[str, Column]:
    """The columns by name; Problem 422 unless each input is there once, with as many rows."""
    given = [tensor.name for tensor in asked.inputs]
    if sorted(given) != sorted(names):
        told = ", ".join(names[:_TOLD]) + (", …" if len(names) > _TOLD else "")
        raise _unfit("inputs", f"the inputs must be {told}, each once")
    if len({len(column) for column in columns}) != 1 or not 1 <= len(columns[0]) <= most:
        raise _unfit("inputs.0.shape", f"there must be 1 to {most:,} rows")
    return dict(zip(given, columns, strict=True))


def packed_answer(
    answer: dict[str, Any],
    asked: InferRequest,
    found: Mapping[str, list[Any]],
    datatypes: Mapping[str, str],
) -> Response:
    """The answer with the outputs that were asked for, each as JSON or in binary."""
    all_binary = bool((asked.parameters or {}).get("binary_data_output"))
    wanted = {
        each.name: bool((each.parameters or {}).get("binary_data", all_binary))
        for each in asked.outputs or ()
    } or dict.fromkeys(found, all_binary)
    outputs, tail = [], b""
    for at, (name, binary) in enumerate(wanted.items()):
        if name not in found:
            raise _unfit(f"outputs.{at}.name", f"the outputs are {', '.join(found)}")
        datatype = datatypes[name]
        output: dict[str, Any] = {
            "name": name,
            "shape": [len(found[name])],
            "datatype": datatype,
        }
        if binary:
            data = packed(found[name], datatype)
            output["parameters"] = {"binary_data_size": len(data)}
            tail += data
        else:
            output["data"] = found[name]
        outputs.append(output)
    head = json.dumps({**answer, "outputs": outputs}).encode()
    if not tail:
        return Response(head, media_type="application/json")
    length = {"Inference-Header-Content-Length": str(len(head))}
    return Response(head + tail, media_type="application/octet-stream", headers=length)


def _unfit(where: str, message: str) -> Problem:
    fault: Fault = {"where": where, "message": message}
    return Problem(422, f"'{where}': {message}", [fault])
