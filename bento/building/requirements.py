"""What a service needs: the packages of its own, and those that its model and its stores need."""

from __future__ import annotations

import zipfile
from pathlib import Path

from bento.building.pins import BY_PART, BY_SCHEME, ROOTS, pinned
from switchyard.configuration.serving import Serving
from switchyard.packages.storage import SCHEMA
from switchyard.packages.writing import MODEL

__all__ = ["ROOTS", "clients_of", "extras_of", "pinned"]


def extras_of(package: Path) -> tuple[str, ...]:
    """The packages that the model in `package` needs beside ROOTS, by the types in its file.

    Not by the name of its candidate: a use case may have forgotten that name since.
    """
    with zipfile.ZipFile(package / MODEL) as model:
        schema = model.read(SCHEMA).decode()
    return tuple(sorted({need for part, need in BY_PART.items() if f'"{part}"' in schema}))


def clients_of(serving: Serving) -> tuple[str, ...]:
    """The packages that reach the stores and the queue which the service is configured with."""
    places = (serving.capture.store, serving.jobs.store, serving.jobs.queue)
    schemes = {place.partition("://")[0] for place in places if "://" in place}
    return tuple(sorted(BY_SCHEME[scheme] for scheme in schemes if scheme in BY_SCHEME))
