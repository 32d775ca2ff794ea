"""Rows whose answers are known, and what another release says to them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from bento.building.smoke import key_header
from bento.folders import SMOKE
from switchyard.errors import GateRefused, PlatformError
from switchyard.serving.archives import opened
from switchyard.serving.releases import Release

_TIMEOUT_S = 10.0


def known_rows(release: Release) -> list[dict[str, Any]]:
    """The smoke instances of a release with its answers; PlatformError when they cannot be read."""
    with opened(release) as folder:
        try:
            known: list[dict[str, Any]] = json.loads((folder / SMOKE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise PlatformError(
                f"the rows that '{release.bento}' was tried with cannot be read: {error}; deploy "
                "once with canary.min_agreement: 0"
            ) from error
    return known


def answers(url: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the service at `url` predicts for rows; GateRefused when it does not."""
    body = {"instances": [row["instance"] for row in rows]}
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between this and the pod
        try:
            answer = session.post(
                f"{url}/predict", json=body, headers=key_header(os.environ), timeout=_TIMEOUT_S
            )
            predictions = answer.json()["predictions"] if answer.status_code == 200 else None
        except (requests.RequestException, ValueError, KeyError) as error:
            raise GateRefused(f"canary: the candidate gave no answer: {error}") from error
    if not isinstance(predictions, list) or len(predictions) != len(rows):
        raise GateRefused(
            f"canary: the candidate answered {answer.status_code} to rows that the release before "
            f"takes: {answer.text[:200]}"
        )
    return predictions
