"""Where rows come from: a path, an http(s) URL or an object-store URL becomes a verified file."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from switchyard.configuration.model import Data, Source
from switchyard.errors import DataError, RequestError

Progress: TypeAlias = Callable[[int, int | None], None]
"""Called with the bytes that have come and the bytes in all, None where unknown."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_SECRET = re.compile(r"sig|token|key|secret|passw|credential|auth", re.I)
_ENDINGS = re.compile(r"(\.(csv|tsv|txt|json|jsonl|ndjson|parquet|gz|bz2|zst|zip))+$", re.I)


@dataclass(frozen=True)
class LocalFile:
    """A source's content on this machine; `location` is fit to be shown, without credentials."""

    path: Path
    sha256: str
    name: str
    location: str
    note: str | None = None


def fetch(source: Source, data: Data, progress: Progress | None = None) -> LocalFile:
    """Bring the source to this machine and verify it.

    RequestError if it cannot be what was meant, DataError if its digest is wrong, PlatformError if
    the network, the store or the cache folder fails.
    """
    scheme = _SCHEME.match(source.location)
    kind = scheme[1].lower() if scheme else "file"
    if kind == "file":
        return _local(source)
    if kind in ("http", "https"):
        from switchyard.data.downloads import download

        return download(source, data, progress)
    from switchyard.data.objects import copy_object

    return copy_object(source, data, progress)


def name_of(source: Source) -> str:
    """What the source is called in reports: its given name, else its file's without endings."""
    if source.name:
        return source.name
    path = urlsplit(source.location).path if _SCHEME.match(source.location) else source.location
    last = unquote(Path(path).name) or source.location
    return _ENDINGS.sub("", last) or last


def shown(location: str) -> str:
    """The location without password and without the values of telling query parameters."""
    if not _SCHEME.match(location):
        return location
    parts = urlsplit(location)
    query = "&".join(
        f"{key}={'…' if _SECRET.search(key) else value}"
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))


def sha256_of(path: Path) -> str:
    """The file's digest, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wrong_digest(location: str, expected: str, actual: str) -> DataError:
    """The error for content that is not what the configuration pinned."""
    return DataError(
        f"'{location}' is not the file that was pinned: expected sha256 {expected}, "
        f"got {actual}. If the new content is meant, put its digest into data.sources"
    )


def _local(source: Source) -> LocalFile:
    text = source.location
    path = Path(unquote(urlsplit(text).path) if _SCHEME.match(text) else text).expanduser()
    try:
        if path.is_dir():
            raise RequestError(f"'{text}' is a folder, not a file; {_inside(path)}")
        if not path.exists():
            raise RequestError(f"there is no file '{text}'; {_nearest(path)}")
        if not path.is_file():
            raise RequestError(f"'{text}' is not a regular file; copy its content to one")
        digest = sha256_of(path)
    except OSError as cause:
        raise RequestError(
            f"cannot read '{text}': {cause.strerror or cause}; check its permissions"
        ) from cause
    if source.sha256 not in (None, "unpinned", digest):
        raise wrong_digest(text, str(source.sha256), digest)
    return LocalFile(path, digest, name_of(source), str(path))


def _inside(folder: Path) -> str:
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    some = ", ".join(f"'{name}'" for name in names[:5])
    return f"name one of its files: {some}" if names else "and it holds no file"


def _nearest(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"its folder '{folder}' does not exist either"
    names = sorted(entry.name for entry in folder.iterdir())
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    if near:
        return "did you mean " + " or ".join(f"'{folder / name}'" for name in near) + "?"
    return f"{_inside(folder)}" if names else f"'{folder}' is empty"
