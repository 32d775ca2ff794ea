"""Identify the content of a source without loading it, so that caching notices a changed file."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

from switchyard.configuration.model import Source

CHUNK = 1 << 20


def is_remote(source: Source) -> bool:
    """Whether reaching the source takes a network."""
    return "://" in source.location and not source.location.startswith("file://")


def fingerprint(source: Source) -> str:
    """The digest of a local file, the pinned digest of a download, else a value never seen before.

    A file that is not there has the fingerprint 'missing': loading it says what is wrong. A feed or
    an object that is not pinned may have changed, so it is loaded again on every run; the steps
    after it are cached all the same when its rows are equal.
    """
    if source.sha256 and source.sha256 != "unpinned":
        return f"sha256:{source.sha256}"
    if is_remote(source):
        return f"unpinned:{uuid.uuid4()}"
    path = Path(source.location.removeprefix("file://")).expanduser()
    if not path.is_file():
        return "missing"
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"
