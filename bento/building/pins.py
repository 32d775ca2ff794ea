"""Packages that a service needs, and all that these need, each pinned.

`python -m bento.building.pins` prints those of every service there can be, for an image of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from switchyard.errors import PlatformError

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

IN_IMAGES = ("psycopg", "psycopg-binary", "s3fs")
"""Clients of the stores and the queue that replicas of a service share."""


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


if __name__ == "__main__":
    print("\n".join(pinned((*ROOTS, *BY_PART.values(), *IN_IMAGES))))  # noqa: T201  its only purpose
