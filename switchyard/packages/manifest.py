"""The manifest of a model package: what it is, what it takes, what it came from, and its seal."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from switchyard import __version__
from switchyard.errors import PlatformError
from switchyard.evaluation.intervals import Interval
from switchyard.records import Record

FORMAT = 1
LIBRARIES = ("lightgbm", "nltk", "numpy", "scikit-learn", "scipy", "skops")

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Input(Record):
    """One field of an instance."""

    type: Literal["string"]
    max_length: int = Field(ge=1)


class Labels(Record):
    """What the two classes are called."""

    positive: str
    negative: str


class Origin(Record):
    """The data set that the model comes from; rows: all of them, those held out included."""

    digest: str
    synthetic: bool
    rows: int = Field(ge=0)
    sources: tuple[str, ...] = ()


class Entry(Record):
    """A file of the package."""

    sha256: Digest
    size: int = Field(ge=0)


class Details(Record):
    """What the caller of `write` knows; the rest of the manifest is computed.

    metrics: on the holdout, by the names of `switchyard.evaluation.metrics`; threshold: instances
    with a score at or above it are called positive.
    """

    name: str
    candidate: str
    task: str
    inputs: Mapping[str, Input]
    labels: Labels
    threshold: float
    metrics: Mapping[str, Interval]
    data: Origin


class Manifest(Details):
    """A whole manifest. `content_sha256` seals all but the time and the versions.

    Training the same again gives the same content, whenever and with whichever patch release.
    """

    format_version: Literal[1]
    created: str
    versions: Mapping[str, str]
    files: Mapping[str, Entry]
    content_sha256: Digest

    def computed_sha256(self) -> str:
        """What `content_sha256` must be."""
        return seal(self.model_dump(mode="json"))


def seal(values: Mapping[str, object]) -> str:
    """The digest of a manifest's content, which includes the digests of its files."""
    outside = {"created", "versions", "content_sha256"}
    content = {name: value for name, value in values.items() if name not in outside}
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(written.encode()).hexdigest()


def completed(details: Details, files: Mapping[str, Entry], created: str) -> Manifest:
    """The manifest of a package of these files."""
    values = details.model_dump(mode="json") | {
        "format_version": FORMAT,
        "created": created,
        "versions": versions(),
        "files": {name: entry.model_dump(mode="json") for name, entry in files.items()},
    }
    return Manifest.model_validate(values | {"content_sha256": seal(values)})


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a model depends on, where they are installed."""
    found = {"python": platform.python_version(), "switchyard": __version__}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def parse(text: str, where: str) -> Manifest:
    """The manifest written in `text`; PlatformError says what is wrong with it."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise PlatformError(f"{where} is not JSON: {error}; package the model anew") from error
    found = values.get("format_version") if isinstance(values, dict) else None
    if found != FORMAT:
        raise PlatformError(
            f"{where} has format version {found!r}, this version of switchyard reads {FORMAT}; "
            "load it with the version that wrote it, or package the model anew"
        )
    try:
        manifest = Manifest.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise PlatformError(
            f"{where}: '{key}' is not as it must be: {first['msg']}; package the model anew"
        ) from error
    if manifest.computed_sha256() != manifest.content_sha256:
        raise PlatformError(
            f"{where} was changed after it was written: its content is "
            f"{manifest.computed_sha256()[:12]}…, it says {manifest.content_sha256[:12]}…"
        )
    return manifest
