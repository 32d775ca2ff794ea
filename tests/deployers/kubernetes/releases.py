"""A release and what is wanted of it, for tests of what is made from them."""

from __future__ import annotations

from typing import Any

from stacks.deployers.kubernetes.options import Options
from stacks.deployers.kubernetes.pods import Wanted
from switchyard.configuration.serving import Serving
from switchyard.serving.releases import Release


def release(version: str = "3", **facts: Any) -> Release:
    """One that was published."""
    given = {
        "name": "phishing",
        "model_version": version,
        "bento": f"phishing:v{version}-0123abcd",
        "folder": "/nowhere",
        "content_sha256": "c" * 64,
        "data_digest": "d" * 64,
        "synthetic": True,
        "built": "2030-01-01T00:00:00+00:00",
        "archive": f"s3://models/services/phishing/v{version}.tar",
        "archive_sha256": "a" * 64,
        **facts,
    }
    return Release(**given)


def wanted(version: str = "3", facts: dict[str, Any] | None = None, **options: Any) -> Wanted:
    """The release under a stack file's settings."""
    given = {"image": "registry:5000/serving:1", "state": "s3://models/services", **options}
    return Wanted(release(version, **(facts or {})), Serving(), Options(**given))
