"""The smoke test of a service: real requests, whose answers are known from the release's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from bento.folders import MODEL, SMOKE
from switchyard.errors import GateRefused, PlatformError
from switchyard.packages.manifest import AnyInput
from switchyard.packages.writing import MANIFEST
from switchyard.tasks.rows import inputs_of, on_tables

_TIMEOUT_S = 10.0


def smoke_test(
    url: str,
    folder: Path,
    model_version: str,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Ask the service at `url` for what smoke.json in `folder` knows.

    Labels must be equal and numbers equal bit by bit, for one instance and for as many at once as
    the service takes; not all may be answered alike; /model must name the version; an invalid
    instance must be refused with 422. GateRefused says what was not so.
    """
    known = _known(folder)
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between this and the service
        session.headers.update(key_header(environment))
        service = _Service(url, session)
        described = service.ask("GET", "/model", None, 200)
        _equal(described.get("version"), model_version, "/model: version")
        most = int(described.get("limits", {}).get("max_instances", len(known)))
        parts = [known[start : start + most] for start in range(0, len(known), most)]
        for asked in (known[:1], *parts):
            instances = [each["instance"] for each in asked]
            answer = service.ask("POST", "/predict", {"instances": instances}, 200)
            _equal(answer.get("model_version"), model_version, "/predict: model_version")
            _same_predictions(answer.get("predictions"), asked)
        service.ask("POST", "/predict", {"instances": [_spoilt(known[0]["instance"])]}, 422)


class _Service:
    def __init__(self, url: str, session: requests.Session) -> None:
        self._url, self._session = url.rstrip("/"), session

    def ask(self, method: str, path: str, body: Any, status: int) -> dict[str, Any]:
        """The answer as JSON; GateRefused unless it has this status."""
        try:
            answer = self._session.request(
                method, self._url + path, json=body, timeout=_TIMEOUT_S, allow_redirects=False
            )
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise GateRefused(f"smoke test: {method} {path} got no answer: {error}") from error
        if answer.status_code != status or not isinstance(found, dict):
            raise GateRefused(
                f"smoke test: {method} {path} was answered {answer.status_code}, not {status}: "
                f"{answer.text[:200]}"
            )
        return found


def _known(folder: Path) -> list[dict[str, Any]]:
    path = folder / SMOKE
    try:
        known: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlatformError(f"'{path}' cannot be read: {error}; build the release anew") from error
    said = _monotony(known, on_tables=on_tables(_inputs(folder)))
    if said:
        raise GateRefused(
            f"smoke test: of the generated instances the model {said}; such a model is not deployed"
        )
    return known


def _inputs(folder: Path) -> dict[str, AnyInput]:
    """What the model in the release's folder takes, as its manifest has it."""
    path = folder / MODEL / MANIFEST
    try:
        return inputs_of(json.loads(path.read_text(encoding="utf-8"))["inputs"])
    except (OSError, ValueError, KeyError) as error:
        raise PlatformError(f"'{path}' cannot be read: {error}; build the release anew") from error


def _monotony(known: Sequence[Mapping[str, Any]], *, on_tables: bool) -> str:
    """How all instances are answered alike; empty when they are not.

    Rows of a table are made up without a thought of what they may mean, so that those of the rarer
    label need not occur: of them the scores must differ.
    """
    if not known:
        return "can score none of them"
    answers = {each.get("label") for each in known}
    if on_tables:
        answers = {each.get("value", each.get("score")) for each in known}
    if len(answers) > 1:
        return ""
    return f"calls all of them '{next(iter(answers))}'"


def _spoilt(instance: Mapping[str, Any]) -> dict[str, Any]:
    """The instance with a list where none can be."""
    return {**instance, next(iter(instance)): []}


def _same_predictions(found: Any, asked: Sequence[Mapping[str, Any]]) -> None:
    if not isinstance(found, list) or len(found) != len(asked):
        raise GateRefused(f"smoke test: {len(asked)} instances were answered by {found!r:.200}")
    for answered, expected in zip(found, asked, strict=True):
        values = list(expected["instance"].values())
        shown = f"'{values[0]}'" if len(values) == 1 else json.dumps(expected["instance"])[:200]
        for part in sorted({*expected, *answered} - {"instance"}):
            _equal(answered.get(part), expected.get(part), f"/predict: {part} of {shown}")


def _equal(found: Any, expected: Any, what: str) -> None:
    if found != expected:
        raise GateRefused(f"smoke test: {what} is {found!r}, it should be {expected!r}")


def key_header(environment: Mapping[str, str]) -> dict[str, str]:
    """The header that opens the API, where the environment has keys for it."""
    given = environment.get("SWITCHYARD_API_KEYS", "")
    named = environment.get("SWITCHYARD_API_KEYS_FILE", "")
    if named and Path(named).is_file():
        given += "," + ",".join(Path(named).read_text(encoding="utf-8").splitlines())
    keys = [key.strip() for key in given.split(",") if key.strip()]
    return {"X-API-Key": keys[0]} if keys else {}
