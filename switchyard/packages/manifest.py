"""The manifest of a model package: what it is, what it takes, what it came from, and its seal."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from switchyard import __version__
from switchyard.errors import PlatformError
from switchyard.evaluation.intervals import Interval
from switchyard.records import Record

FORMAT = 1
LIBRARIES = ("lightgbm", "nltk", "numpy", "scikit-learn", "scipy", "skops")

_OF_SOME_TASKS = ("labels", "threshold", "predicted", "band")

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Input(Record):
    """A field of an instance that holds a text."""

    type: Literal["string"]
    max_length: int = Field(ge=1)


class Number(Record):
    """A field that holds a number; minimum and maximum: of the training rows."""

    type: Literal["number"]
    minimum: float
    maximum: float
    missing: bool = False
    integer: bool = False
    unit: str = ""


class Category(Record):
    """A field that holds one of some values; other: any other value is taken for 'other'."""

    type: Literal["category"]
    values: tuple[str, ...]
    missing: bool = False
    other: bool = False


AnyInput = Annotated[Input | Number | Category, Field(discriminator="type")]


class Predicted(Record):
    """The number that a model predicts.

    minimum, maximum: predictions are held to them; lowest, highest: of the training rows.
    """

    name: str
    lowest: float
    highest: float
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""


class Band(Record):
    """Half the width of the interval that holds `coverage` of the true numbers."""

    coverage: float = Field(gt=0.0, lt=1.0)
    half_width: float = Field(ge=0.0)


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

    metrics: on the holdout, by the names of `switchyard.evaluation.metrics`. Of a classification:
    labels, and the threshold, at or above which an instance is called positive. Of a regression:
    what is predicted, and how wide its interval is.
    """

    name: str
    candidate: str
    task: str
    inputs: Mapping[str, AnyInput]
    labels: Labels | None = None
    threshold: float | None = None
    predicted: Predicted | None = None
    band: Band | None = None
    metrics: Mapping[str, Interval]
    data: Origin

    @model_validator(mode="after")
    def _has_what_its_answers_need(self) -> Self:
        given = {name for name in _OF_SOME_TASKS if getattr(self, name) is not None}
        if given not in ({"labels", "threshold"}, {"predicted", "band"}):
            raise ValueError("needs either labels and threshold, or predicted and band")
        return self

    def content(self) -> dict[str, Any]:
        """As JSON values, without the keys that other kinds of task have."""
        return _present(self.model_dump(mode="json"))


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
        return seal(self.content())


def seal(values: Mapping[str, object]) -> str:
    """The digest of a manifest's content, which includes the digests of its files."""
    outside = {"created", "versions", "content_sha256"}
    content = {name: value for name, value in _present(values).items() if name not in outside}
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(written.encode()).hexdigest()


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys that only other kinds of task have."""
    return {
        name: value
        for name, value in values.items()
        if value is not None or name not in _OF_SOME_TASKS
    }


def completed(details: Details, files: Mapping[str, Entry], created: str) -> Manifest:
    """The manifest of a package of these files."""
    values = details.content() | {
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
