"""The model behind FastAPI as its tutorial writes it: pydantic in and out, one route."""

from __future__ import annotations

from fastapi import FastAPI

from benchmarks.serving_peers.model import open_predictor
from benchmarks.serving_peers.schemas import Answer, Request, answer


def make_async() -> FastAPI:
    """The route as `async def`, on the event loop."""
    app, predictor = FastAPI(), open_predictor()

    @app.post("/predict")
    async def predict(request: Request) -> Answer:
        return answer(predictor, request.instances)

    return app


def make_threaded() -> FastAPI:
    """The route as `def`, in the thread pool."""
    app, predictor = FastAPI(), open_predictor()

    @app.post("/predict")
    def predict(request: Request) -> Answer:
        return answer(predictor, request.instances)

    return app
