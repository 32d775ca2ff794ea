"""`/jobs`: batches that are too large to wait for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from bento.bodies import declared_length, header, stream_body
from bento.routes.documents import problems
from bento.runtime import Runtime
from switchyard.jobs.store import Job, QueueFull, RequestTooLarge
from switchyard.serving.problems import Problem, overloaded

Kind = Literal["json", "csv", "ndjson", "parquet"]
TYPES: dict[str, Kind] = {
    "application/json": "json",
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/vnd.apache.parquet": "parquet",
}
_BLOCK = 1 << 18
_INSTANCES = {
    "type": "object",
    "required": ["instances"],
    "properties": {"instances": {"type": "array", "items": {"type": "object"}, "minItems": 1}},
}
_UPLOADS: dict[str, Any] = {
    media_type: {"schema": _INSTANCES if kind == "json" else {"type": "string", "format": "binary"}}
    for media_type, kind in TYPES.items()
}
"""Any file is taken; what is wrong with one is told by its job."""

JobId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="As POST /jobs gave it.")]
ResultKind = Annotated[Kind | None, Query(alias="format", description="Default: as the input.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key gives the same job.",
    ),
]


_LINKS = {
    operation: {"operationId": operation, "parameters": {"id": "$response.body#/id"}}
    for operation in ("job_status", "job_result", "job_delete")
}


def router(runtime: Runtime) -> APIRouter:
    """The routes over one board of jobs."""
    routes = APIRouter(tags=["Jobs"])
    limits = runtime.settings.serving.limits
    board = runtime.jobs
    binary = {"schema": {"type": "string", "format": "binary"}}

    @routes.post(
        "/jobs",
        status_code=202,
        response_model=Job,
        responses={202: {"links": _LINKS}, **problems(400, 401, 408, 413, 415, 422, 503)},
        openapi_extra={"requestBody": {"required": True, "content": _UPLOADS}},
    )
    async def submit(
        request: Request,
        response: Response,
        kind: ResultKind = None,
        idempotency_key: IdempotencyKey = None,
    ) -> Job:
        """Take a file of instances to be scored; once this answers, the job survives crashes."""
        headers = request.scope["headers"]
        given = kind_of(headers)
        declared_length(headers, int(limits.max_job_mb * 1e6))
        try:
            job = await board.submit(
                given,
                kind or given,
                stream_body(request.receive, limits.body_timeout_s),
                idempotency_key=idempotency_key,
                model_version=runtime.settings.model_version,
            )
        except RequestTooLarge as error:
            raise Problem(413, str(error)) from error
        except QueueFull as error:
            raise overloaded(str(error)) from error
        response.headers["Location"] = f"/jobs/{job.id}"
        return job

    @routes.get(
        "/jobs/{id}",
        response_model=Job,
        responses=problems(401, 404, 422, 503),
        operation_id="job_status",
    )
    async def status(id: JobId) -> Job:
        """How far a job is."""
        return await known(id)

    @routes.get(
        "/jobs/{id}/result",
        operation_id="job_result",
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "The file, as long as the input.",
                "content": dict.fromkeys(TYPES, binary),
            },
            **problems(401, 404, 409, 410, 422, 503),
        },
    )
    async def result(id: JobId) -> Response:
        """The scored file."""
        job = await known(id)
        if job.status in ("queued", "running"):
            raise Problem(409, f"the job is {job.status}; ask again when it has succeeded")
        if job.status != "succeeded":
            raise Problem(410, f"the job {job.status}: {job.error or 'there is no result'}")
        file, media_type, name = await anyio.to_thread.run_sync(board.result, id)

        def blocks() -> Any:
            with file:
                while block := file.read(_BLOCK):
                    yield block

        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(blocks(), media_type=media_type, headers=disposition)

    @routes.delete(
        "/jobs/{id}",
        status_code=204,
        responses=problems(401, 404, 422, 503),
        operation_id="job_delete",
    )
    async def delete(id: JobId) -> Response:
        """Stop a job that runs, and delete its files and its record."""
        if not await anyio.to_thread.run_sync(board.delete, id):
            raise Problem(404, "there is no such job")
        return Response(status_code=204)

    async def known(id: str) -> Job:
        job = await anyio.to_thread.run_sync(board.get, id)
        if job is None:
            raise Problem(404, "there is no such job")
        return job

    return routes


def kind_of(headers: list[tuple[bytes, bytes]]) -> Kind:
    """The kind of file that a request uploads; Problem 415 when it is none of ours."""
    if header(headers, b"content-encoding") not in (None, b"identity"):
        raise Problem(415, "send the file as it is, without Content-Encoding")
    given = (header(headers, b"content-type") or b"").partition(b";")[0].strip().lower()
    kind = TYPES.get(given.decode("latin-1"))
    if kind is None:
        raise Problem(415, f"Content-Type must be one of {', '.join(TYPES)}")
    return kind
