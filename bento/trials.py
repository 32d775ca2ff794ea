"""A process on trial: what it is asked is nobody's request, until it is told that it has passed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bento.connections import Connection
from switchyard.serving import trials

log = logging.getLogger("switchyard.worker")


class Trial:
    """ASGI application in front of another, which takes the word that ends the trial."""

    def __init__(self, app: Any, digest: str, kept: Path) -> None:
        self._app, self._digest, self._kept = app, digest, kept

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != trials.PATH:
            await self._app(scope, receive, send)
            return
        status = self._told(scope["method"], scope["headers"])
        length = (b"content-length", b"0")
        await send({"type": "http.response.start", "status": status, "headers": [length]})
        await send({"type": "http.response.body"})

    def _told(self, method: str, headers: list[tuple[bytes, bytes]]) -> int:
        """The status of the answer: 204 once the trial is over, whether by this or before."""
        word = dict(headers).get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ")
        if method != "POST" or not trials.is_word(word, self._digest):
            return 404  # as if there was nothing: to others there is not
        try:
            self._kept.write_text(self._digest, encoding="ascii")
        except OSError as error:
            log.error("that the trial is over cannot be kept: %s", error)
            return 503
        Connection.on_trial = False
        Connection.passed.set()
        return 204


def passed_before(environment: Mapping[str, str]) -> bool:
    """Whether a process that was started to be tried has passed in its life before this one."""
    with suppress(OSError):
        kept = Path(environment.get(trials.KEPT, "")).read_text(encoding="ascii")
        return bool(kept) and kept == environment.get(trials.DIGEST)
    return False


def triable(app: Any, environment: Mapping[str, str]) -> Any:
    """The application with a `Trial` in front; as it is where nobody could end it."""
    digest, kept = (environment.get(name, "") for name in (trials.DIGEST, trials.KEPT))
    return Trial(app, digest, Path(kept)) if digest and kept else app
