"""The floor: an ASGI function that parses, scores and answers, and does nothing else."""

from __future__ import annotations

from typing import Any

import orjson

from benchmarks.serving_peers.model import open_predictor


def make() -> Any:
    """The application."""
    predictor = open_predictor()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        found = []
        for instance in orjson.loads(body)["instances"]:
            score, _ = predictor.score_one(instance["url"])
            found.append({"label": predictor.label(score), "score": score})
        answer = orjson.dumps({"predictions": found})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app
