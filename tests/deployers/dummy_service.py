"""A service that is quick to start and says which release it is; stands in for `bento/service.py`.

What it does beyond that is asked for by files in its folder or by paths.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1]
NAMED = FOLDER / "version"
VERSION = NAMED.read_text(encoding="utf-8") if NAMED.exists() else FOLDER.name


class Service:
    """Has BentoML's one method that a worker calls."""

    def to_asgi(self) -> Any:
        """The application."""
        if (FOLDER / "broken").exists():
            raise RuntimeError("this release is broken")
        first = FOLDER / "first-worker-breaks"
        with contextlib.suppress(FileNotFoundError):  # of several workers, one meets it
            if first.exists():
                first.unlink()
                raise RuntimeError("one worker is broken")
        return answer


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """One request, or the life of the process."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    path, status = scope["path"], 200
    if path == "/crash":
        os._exit(7)
    if path == "/hold":
        while not (FOLDER / "go").exists():
            await asyncio.sleep(0.005)
    if path == "/slow":
        await asyncio.sleep(float(scope["query_string"]))
    if path == "/readyz" and (FOLDER / "unready").exists():
        status = 503
    told: dict[str, Any] = {
        name: os.environ.get(name) for name in ("TOLD", "PROMETHEUS_MULTIPROC_DIR")
    }
    if (FOLDER / "say-trial").exists():
        from bento.connections import Connection

        told["on_trial"] = Connection.on_trial
    body = json.dumps({"version": VERSION, "pid": os.getpid(), **told}).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        sys.stderr.write(f"{VERSION}: {message['type']}\n")
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


svc = Service()
