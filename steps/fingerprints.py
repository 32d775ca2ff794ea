"""Identify the content of a source without reading it, so that caching notices a changed file."""

from __future__ import annotations

import uuid

from zenml.config.retry_config import StepRetryConfig

from switchyard.configuration.model import Data, Source
from switchyard.data.sources import fetch

RETRY = StepRetryConfig(max_retries=2, delay=2, backoff=2)
"""How often sources that a network lies before are tried again."""


def is_remote(source: Source) -> bool:
    """Whether reaching the source takes a network."""
    return "://" in source.location and not source.location.startswith("file://")


def fingerprint(source: Source, data: Data) -> str:
    """The digest of a local file, the pinned digest of a download, else a value never seen before.

    Errors as of `fetch` for a local file that is not there. A feed or an object that is not pinned
    may have changed, so it is loaded again on every run; the steps after it are cached all the same
    when its rows are equal.
    """
    if not is_remote(source):
        return fetch(source, data).sha256
    if source.sha256 and source.sha256 != "unpinned":
        return source.sha256
    return f"unpinned:{uuid.uuid4()}"
