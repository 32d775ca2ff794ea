"""The ASGI application of one serving process, from start-up to shutdown."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bento.companions import Companion
from bento.connections import Connection
from bento.lane import Lane
from bento.runtime import Runtime
from bento.shortcuts import PredictionShortcut
from switchyard.errors import SwitchyardError

log = logging.getLogger("switchyard.serving")

_current: list[Runtime] = []


def current() -> Runtime | None:
    """The state of this process, None before start-up."""
    return _current[-1] if _current else None


class Application:
    """Opens its state at start-up, then hands requests to the lane; closes it at shutdown."""

    def __init__(self, bentoml_app: Any, folder: Path, environment: Mapping[str, str]) -> None:
        self._bentoml = bentoml_app
        self._folder = folder
        self._environment = environment
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:
        """BentoML's own start-up and shutdown, between ours."""
        runtime: Runtime | None = None
        companion: Companion | None = None

        async def receiving() -> Any:
            nonlocal runtime, companion
            message = await receive()
            if message["type"] == "lifespan.startup":
                runtime = self._open()
                handover_s = runtime.settings.serving.capture.handover_s
                companion = Companion(self._folder, self._environment, handover_s)
                companion.start(after=_working(runtime))
            return message

        async def sending(message: Any) -> None:
            if message["type"].startswith("lifespan.shutdown") and runtime and companion:
                await runtime.stop()
                await companion.stop()
                Connection.shortcut = None
                _current.clear()
            await send(message)

        try:
            await self._bentoml(scope, receiving, sending)
        except SwitchyardError as error:
            log.critical("the service cannot start: %s", error)
            await send({"type": "lifespan.startup.failed", "message": str(error)})

    def _open(self) -> Runtime:
        from bento.api import make_api, with_cors

        runtime = Runtime(self._folder, self._environment)
        api = make_api(runtime)
        api.add_route("/docs.json", _Described(runtime).answer)
        self._app = with_cors(Lane(runtime, self._bentoml, api), runtime)
        Connection.shortcut = PredictionShortcut(runtime)
        runtime.start()
        _current.append(runtime)
        return runtime


async def _working(runtime: Runtime) -> None:
    """Wait until the model is loaded, and no trial is under way.

    A candidate may yet be refused: until then it does not touch the jobs, which are production's.
    """
    await runtime.loaded.wait()
    if Connection.on_trial:
        await Connection.passed.wait()


class _Described:
    """The document of the API, made when somebody first asks for it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._text = ""

    def answer(self, request: Request) -> Response:
        """The document as JSON."""
        del request
        if not self._text:
            from bento.openapi import document

            self._text = json.dumps(document(self._runtime))
        return Response(self._text, media_type="application/json")
