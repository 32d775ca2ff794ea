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
from switchyard.serving.samples import sample_instances
from switchyard.tasks.rows import on_tables

_SHOWN = 3


class _Described(BaseModel):
    """What is told of any model in service."""

    name: str
    title: str
    version: str
    task: str
    inputs: dict[str, Any]
    synthetic: bool
    notice: str | None
    limits: dict[str, float]
    manifest: dict[str, Any]
    card: str


class ModelDocument(_Described):
    """The model in service."""

    labels: dict[str, str]
    threshold: float


class TableModelDocument(ModelDocument):
    """The model of a table in service."""

    examples: list[dict[str, Any]]


class TargetDocument(BaseModel):
    """The number that is predicted.

    lowest, highest: of the training rows; minimum, maximum: predictions and feedback are within
    them; coverage: share of the true numbers that the interval holds.
    """

    name: str
    unit: str
    lowest: float
    highest: float
    minimum: float | None
    maximum: float | None
    coverage: float


class NumberModelDocument(_Described):
    """The model in service that predicts a number."""

    target: TargetDocument
    examples: list[dict[str, Any]]


def smoke(folder: Path) -> list[dict[str, Any]]:
    """The smoke test's instances with their predictions."""
    path = folder / SMOKE
    if not path.exists():
        return []
    known: list[dict[str, Any]] = json.loads(path.read_bytes())
    return known


def diverse(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A few whole instances, from the smoke test's, of different labels first."""
    seen: dict[Any, int] = {}
    turns = []
    for each in known:
        turns.append(seen.setdefault(each.get("label"), 0))
        seen[each.get("label")] += 1
    order = sorted(range(len(known)), key=lambda at: turns[at])
    return [known[at]["instance"] for at in order[:_SHOWN]]


def examples(known: list[dict[str, Any]], name: str) -> list[Any]:
    """A few values of an input, from the smoke test's instances: of texts one of each label."""
    kept = {each["label"]: each["instance"][name] for each in known}
    return list(kept.values())


def table_examples(instances: list[dict[str, Any]], name: str) -> list[Any]:
    """A few values of a column."""
    values = dict.fromkeys(each[name] for each in instances if each.get(name) is not None)
    return list(values)[:_SHOWN]


def described(runtime: Runtime) -> BaseModel:
    """The document of the model that answers here."""
    manifest = runtime.manifest
    known = smoke(runtime.folder)
    instances = [each["instance"] for each in known]
    whole = diverse(known)
    tables = on_tables(manifest.inputs)
    if tables and not instances:
        whole = instances = sample_instances(manifest.inputs, _SHOWN, 0)
    facts: dict[str, Any] = {
        "name": runtime.settings.name,
        "title": runtime.settings.title,
        "version": runtime.settings.model_version,
        "task": manifest.task,
        "inputs": {
            name: declared.model_dump(mode="json")
            | {"examples": table_examples(instances, name) if tables else examples(known, name)}
            for name, declared in manifest.inputs.items()
        },
        "synthetic": manifest.data.synthetic,
        "notice": SYNTHETIC if manifest.data.synthetic else None,
        "limits": runtime.settings.serving.limits.model_dump(),
        "manifest": manifest.content(),
        "card": (runtime.folder / MODEL / CARD).read_text(encoding="utf-8"),
        "examples": whole,
    }
    if manifest.predicted is not None and manifest.band is not None:
        target = manifest.predicted.model_dump() | {"coverage": manifest.band.coverage}
        return NumberModelDocument.model_validate(facts | {"target": target})
    assert manifest.labels is not None
    facts |= {"labels": manifest.labels.model_dump(), "threshold": manifest.threshold}
    return (TableModelDocument if tables else ModelDocument).model_validate(facts)


def router(runtime: Runtime) -> APIRouter:
    """The route; what it answers does not change while the process lives."""
    routes = APIRouter(tags=["Model"])
    document = described(runtime)

    @routes.get("/model", response_model=type(document), responses=problems(401))
    async def model() -> BaseModel:
        """Manifest, limits and card of the model that answers here."""
        return document

    return routes
