"""What a use case's objects are called, and by which labels they are found."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from switchyard.errors import RequestError

MANAGER = "switchyard"
"""The field manager: what it has set is the deployer's; what others have set is theirs."""

NAME, PART_OF, MANAGED_BY = (
    "app.kubernetes.io/name",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/managed-by",
)
VERSION = "app.kubernetes.io/version"
TRACK, SERVING, TEMPLATE, KIND = (
    "switchyard/track",
    "switchyard/serving",
    "switchyard/template",
    "switchyard/kind",
)
BENTO = "switchyard/bento"
STABLE, CANDIDATE = "stable", "candidate"
RELEASES = "releases"

_DNS = re.compile(r"^[a-z]([a-z0-9-]*[a-z0-9])?$")
_LABEL = re.compile(r"[^A-Za-z0-9._-]")


def checked(name: str) -> str:
    """The name, if a Service may have it; RequestError otherwise."""
    if not _DNS.match(name):
        raise RequestError(
            f"'{name}' cannot name a Service; a use case on Kubernetes has a name of small "
            "letters, digits and inner hyphens"
        )
    return name


def deployment(name: str, track: str) -> str:
    """The Deployment of a track."""
    return name if track == STABLE else f"{name}-{CANDIDATE}"


def records(name: str) -> str:
    """The ConfigMap that remembers releases."""
    return f"{name}-releases"


def lease(name: str) -> str:
    """The Lease of whoever deploys."""
    return f"{name}-deploying"


def request_key(name: str) -> str:
    """The Secret with the key of request ids."""
    return f"{name}-request-ids"


def certificate(name: str) -> str:
    """The Secret with the certificate of its host."""
    return f"{name}-tls"


def labels(name: str, **more: str) -> dict[str, str]:
    """Labels of every object of a use case."""
    return {NAME: name, PART_OF: MANAGER, MANAGED_BY: MANAGER, **more}


def selected(name: str, track: str) -> dict[str, str]:
    """The selector of a track's pods; a Deployment's cannot be changed, so it says no more."""
    return {NAME: name, TRACK: track}


def query(labels: Mapping[str, str]) -> str:
    """Labels as a query of the API."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def value(text: str) -> str:
    """The text as a label may have it."""
    return _LABEL.sub("-", text)[:63].strip("-._") or "none"


def mark(template: Mapping[str, Any]) -> str:
    """A short digest of a pod template: pods of equal ones are alike."""
    text = json.dumps(template, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]
