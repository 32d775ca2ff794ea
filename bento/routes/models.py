"""`/model`: which model answers, what it takes, and its card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from bento.folders import MODEL, SMOKE
from bento.routes.documents import problems
from bento.runtime import Runtime
from switchyard.data.notices import SYNTHETIC
from switchyard.packages.writing import CARD


class ModelDocument(BaseModel):
    """The model in service."""

    name: str
    title: str
    version: str
    task: str
    inputs: dict[str, Any]
    labels: dict[str, str]
    threshold: float
    synthetic: bool
    notice: str | None
    limits: dict[str, float]
    manifest: dict[str, Any]
    card: str


def examples(folder: Path, name: str) -> list[Any]:
    """A few values of an input, from the smoke test's instances, of different labels first."""
    path = folder / SMOKE
    if not path.exists():
        return []
    kept = {each["label"]: each["instance"][name] for each in json.loads(path.read_bytes())}
    return list(kept.values())


def router(runtime: Runtime) -> APIRouter:
    """The route; what it answers does not change while the process lives."""
    routes = APIRouter(tags=["Model"])
    manifest = runtime.manifest
    document = ModelDocument(
        name=runtime.settings.name,
        title=runtime.settings.title,
        version=runtime.settings.model_version,
        task=manifest.task,
        inputs={
            name: declared.model_dump() | {"examples": examples(runtime.folder, name)}
            for name, declared in manifest.inputs.items()
        },
        labels=manifest.labels.model_dump(),
        threshold=manifest.threshold,
        synthetic=manifest.data.synthetic,
        notice=SYNTHETIC if manifest.data.synthetic else None,
        limits=runtime.settings.serving.limits.model_dump(),
        manifest=manifest.model_dump(mode="json"),
        card=(runtime.folder / MODEL / CARD).read_text(encoding="utf-8"),
    )

    @routes.get("/model", response_model=ModelDocument, responses=problems(401))
    async def model() -> ModelDocument:
        """Manifest, limits and card of the model that answers here."""
        return document

    return routes
