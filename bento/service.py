"""The BentoML service: `bentoml serve` and the project's own worker both start from here.

What answers requests is imported when a serving process begins, not with this module: BentoML's
commands and supervisors import it too.
"""

from __future__ import annotations

import os
from typing import Any

import bentoml
from _bentoml_sdk.service.factory import Service

from bento.images import slim_image


class LaneService(Service):
    """A BentoML service whose ASGI application has our lane in front."""

    def to_asgi(self, is_main: bool = True) -> Any:
        """The whole application; it loads the model when it starts up."""
        from bento.lean import keep_lean

        keep_lean()
        from uvicorn.protocols.http import auto

        from bento.application import Application
        from bento.connections import Connection
        from bento.folders import service_folder

        # What Uvicorn takes where it is not told: it reads this after the application is made.
        auto.AutoHTTPProtocol = Connection

        return Application(super().to_asgi(is_main=is_main), service_folder(), os.environ)


@bentoml.service(
    name="switchyard",
    service_class=LaneService,
    image=slim_image(),
    logging={"access": {"enabled": False}},
)
class SwitchyardService:
    """Answers for one model of a use case; its routes are in openapi.json."""

    @bentoml.on_deployment
    @staticmethod
    def check() -> None:
        """Refuse to start at all with a package that is not what it was."""
        from bento.folders import MODEL, service_folder
        from switchyard.packages.loading import verify
        from switchyard.serving.settings import read

        folder = service_folder()
        verify(folder / MODEL, read(folder, os.environ).content_sha256)

    def __is_ready__(self) -> bool:
        from bento.application import current

        runtime = current()
        return runtime is not None and runtime.answerer is not None


svc = SwitchyardService
