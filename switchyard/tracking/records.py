"""What is written to MLflow and read from there, in our own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CHAMPION = "champion"
DIGEST_TAG = "switchyard.content_sha256"
ROLLED_BACK_TAG = "switchyard.rolled_back"
"""Why a version was taken back from live requests; it is not promoted again."""


@dataclass(frozen=True)
class Dataset:
    """What MLflow shows as the input of a run."""

    name: str
    digest: str
    source: str
    profile: Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """One candidate's tuning, as MLflow records it: parameters, metrics, and curves by step."""

    name: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    curves: Mapping[str, Sequence[float]]
    files: Mapping[str, str]


@dataclass(frozen=True)
class Version:
    """A registered model version: its number and the digest of its package."""

    name: str
    number: int
    content_sha256: str
