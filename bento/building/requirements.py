"""What a service needs installed: its own packages and all that these need, each pinned."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from switchyard.configuration.serving import Serving
from switchyard.errors import PlatformError
from switchyard.packages.storage import SCHEMA
from switchyard.packages.writing import MODEL

ROOTS = (
    "bentoml",
    "fastapi",
    "fsspec",
    "httptools",
    "huey",
    "idna",
    "numba",
    "numpy",
    "orjson",
    "prometheus-client",
    "pyarrow",
    "pydantic",
    "pyyaml",
    "scikit-learn",
    "scipy",
    "skops",
    "tldextract",
    "uvicorn",
    "uvloop",
)
"""What bento/ and the parts of switchyard/ that serve import themselves."""

BY_PART = {
    "switchyard.models.accurate": "lightgbm",
    "switchyard.models.boosted": "lightgbm",
    "switchyard.text.counts": "nltk",
    "switchyard.text.tokens": "nltk",
}
"""Which modules' parts of a model need a package that others do without."""

BY_SCHEME = {
    "abfs": "adlfs",
    "gs": "gcsfs",
    "postgresql": "psycopg",
    "redis": "redis",
    "s3": "s3fs",
}
"""Which package reaches a store or a queue at a URL of this scheme."""


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


def pinned(roots: Iterable[str]) -> list[str]:
    """`roots` and all that they need on this platform, as 'name==version' in alphabetical order.

    PlatformError when one of them is not installed.
    """
    found: dict[str, str] = {}
    waiting = [(name, "") for name in roots]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        installed = _installed(name)
        found[canonicalize_name(name)] = installed.version
        for need in _needs(installed, extra):
            if need not in seen:
                seen.add(need)
                waiting.append(need)
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def _needs(installed: Distribution, extra: str) -> Iterable[tuple[str, str]]:
    """Names that `installed` requires on this platform, each with the extras it is wanted with."""
    for line in installed.requires or ():
        required = Requirement(line)
        if required.marker is None or required.marker.evaluate({"extra": extra}):
            for wanted in ("", *sorted(required.extras)):
                yield canonicalize_name(required.name), wanted


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise PlatformError(
            f"the service needs package '{name}', which is not installed; install it with uv"
        ) from error
