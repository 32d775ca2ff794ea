"""The whole ASGI application: `/predict` is answered first, all else goes on to its own stack.

BentoML's middlewares cost ten times what a prediction does; a request that needs none of them
passes them by. What stands here holds for every route: keys, security headers, counts and times.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

from bento.bodies import Disconnected, Headers, declared_length, read_body, require_json
from bento.heads import FAILED, INLINE_BYTES, JSON, SECURITY, authorise, fields_of
from bento.runtime import Runtime
from switchyard.serving.problems import Problem

_OPEN = ("/", "/livez", "/readyz", "/healthz", "/metrics", "/docs", "/docs.json")
_OPEN_BELOW = ("/page/", "/static_content/", "/v2/health/")
_BENTOML = frozenset(("/livez", "/readyz", "/healthz", "/metrics", "/schema.json"))
log = logging.getLogger("switchyard.serving")


class Lane:
    """ASGI application in front of BentoML's (`bentoml_app`) and of our other routes (`api`)."""

    def __init__(self, runtime: Runtime, bentoml_app: Any, api: Any) -> None:
        self.runtime = runtime
        self._bentoml = bentoml_app
        self._api = api
        self._limits = runtime.settings.serving.limits
        self._most = int(self._limits.max_body_mb * 1e6)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scoring")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            if scope["path"] == "/predict" and scope["method"] == "POST":
                await self._predict(scope, receive, send)
            else:
                await self._other(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._bentoml(scope, receive, send)
        else:  # a websocket, which nothing here speaks
            await send({"type": "websocket.close", "code": 1003})

    async def _predict(self, scope: Any, receive: Any, send: Any) -> None:
        start = perf_counter()
        headers = scope["headers"]
        status, fields = 200, JSON
        try:
            authorise(self.runtime.keys, headers)
            require_json(headers)
            answer = await self._answer(headers, receive)
        except Problem as problem:
            status, fields, answer = problem.status, fields_of(problem), problem.body()
        except Disconnected:
            return
        except Exception:
            log.exception("a prediction failed")
            status, fields, answer = FAILED.status, fields_of(FAILED), FAILED.body()
        length = (b"content-length", b"%d" % len(answer))
        await send({"type": "http.response.start", "status": status, "headers": [*fields, length]})
        await send({"type": "http.response.body", "body": answer})
        self.runtime.metrics.answered("/predict", status, perf_counter() - start)

    async def _answer(self, headers: Headers, receive: Any) -> bytes:
        runtime = self.runtime
        runtime.require_model()
        size = declared_length(headers, self._most)
        if size > INLINE_BYTES:
            # Before the body is read, so that refusing costs next to nothing.
            runtime.admission.check(size)
        else:
            runtime.admission.small()
        body = await read_body(receive, headers, self._most, self._limits.body_timeout_s)
        if len(body) <= INLINE_BYTES:
            return runtime.answer(body, runtime.predictions(body))
        with runtime.admission.queued(len(body)):
            found, kept = await asyncio.get_running_loop().run_in_executor(
                self._thread, runtime.large_predictions, body
            )
        return runtime.answer(kept, found, redacted=True)

    async def _other(self, scope: Any, receive: Any, send: Any) -> None:
        start = perf_counter()
        path = scope["path"]
        status = 500

        async def sending(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name.lower() for name, _ in message["headers"]}
                added = [pair for pair in SECURITY if pair[0] not in given]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        try:
            if path not in _OPEN and not path.startswith(_OPEN_BELOW):
                authorise(self.runtime.keys, scope["headers"])
            if path == "/metrics":
                self.runtime.flush_metrics()
            if path in _BENTOML or path.startswith("/static_content/"):
                await self._bentoml(scope, receive, sending)
            else:
                await self._answered(scope, receive, sending)
        except Problem as problem:
            answer = problem.body()
            length = (b"content-length", b"%d" % len(answer))
            await sending(
                {
                    "type": "http.response.start",
                    "status": problem.status,
                    "headers": [*fields_of(problem), length],
                }
            )
            await sending({"type": "http.response.body", "body": answer})
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self.runtime.metrics.answered(route, status, perf_counter() - start)

    async def _answered(self, scope: Any, receive: Any, send: Any) -> None:
        """Our other routes. A failure that they have answered is logged by them, and raised again.

        One that cuts an answer off is neither: it goes on.
        """
        whole = False

        async def sending(message: Any) -> None:
            nonlocal whole
            await send(message)
            whole = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            await self._api(scope, receive, sending)
        except Exception:
            if not whole:
                raise
