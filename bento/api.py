"""The routes that are not answered by the lane itself, as one FastAPI application."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import compile_path

from bento.bodies import Disconnected
from bento.routes import jobs, models, pages, predictions, protocol
from bento.runtime import Runtime
from switchyard import __version__
from switchyard.errors import PlatformError, RequestError
from switchyard.serving.instances import plain
from switchyard.serving.problems import MEDIA_TYPE, Fault, Problem, overloaded

log = logging.getLogger("switchyard.serving")


def make_api(runtime: Runtime) -> FastAPI:
    """The application; every answer that is no success is a problem document."""
    api = FastAPI(
        title=runtime.settings.title,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    api.state.runtime = runtime
    for router in (
        predictions.router(runtime),
        jobs.router(runtime),
        models.router(runtime),
        protocol.router(runtime),
        pages.router(),
    ):
        api.include_router(router)
    api.router.routes.append(pages.files())
    api.add_exception_handler(Problem, _problem)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(RequestError, _request_error)
    api.add_exception_handler(PlatformError, _platform_error)
    api.add_exception_handler(Disconnected, _gone)
    api.add_exception_handler(Exception, _failed)
    return api


def with_cors(app: Any, runtime: Runtime) -> Any:
    """The application, which pages of the configured origins may call; unchanged without any."""
    origins = runtime.settings.serving.cors_origins
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["content-type", "authorization", "x-api-key", "idempotency-key"],
        expose_headers=["location", "retry-after"],
    )


def answer_of(problem: Problem, path: str) -> Response:
    """The problem as an answer; the protocol's clients look for `error` in it."""
    headers = {} if problem.retry_after_s is None else {"Retry-After": str(problem.retry_after_s)}
    body = problem.body(error=path.startswith("/v2"))
    return Response(body, problem.status, headers, MEDIA_TYPE)


async def _problem(request: Request, error: Any) -> Response:
    return answer_of(error, request.url.path)


async def _http_error(request: Request, error: Any) -> Response:
    answer = answer_of(Problem(error.status_code, str(error.detail)), request.url.path)
    answer.headers.update(error.headers or {})
    if error.status_code == 405:
        told = (error.headers or {}).get("Allow", "").split(", ")
        allowed = {method for method in [*told, *methods_of(request)] if method}
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def methods_of(request: Request) -> list[str]:
    """The methods that a path takes; the router knows those of one route at a time only."""
    found: set[str] = set()
    for template, item in request.app.openapi()["paths"].items():
        if compile_path(template)[0].match(request.url.path):
            found |= {method.upper() for method in item}
    return sorted(found)


async def _invalid(request: Request, error: Any) -> Response:
    faults: list[Fault] = [
        {"where": ".".join(plain(part) for part in each["loc"][1:]), "message": each["msg"]}
        for each in error.errors()
    ]
    first = f"'{faults[0]['where']}': {faults[0]['message']}"
    return answer_of(Problem(422, first, faults), request.url.path)


async def _request_error(request: Request, error: Any) -> Response:
    return answer_of(Problem(422, str(error)), request.url.path)


async def _platform_error(request: Request, error: Any) -> Response:
    log.error("the platform failed: %s", error)
    detail = "something that the service depends on fails; its log says what"
    return answer_of(overloaded(detail), request.url.path)


async def _gone(request: Request, error: Any) -> Response:
    del request, error
    return Response(status_code=400)


async def _failed(request: Request, error: Any) -> Response:
    log.error("a request failed", exc_info=error)
    return answer_of(Problem(500, "the service failed; its log says why"), request.url.path)
