"""Finish a service folder from within, in a process of its own (`waiting.py`).

Its path leads to the folder's sources and no others: what it can do, the service can do wherever
the folder is copied to. It scores the smoke instances and explains one, so that all kernels are
compiled, describes the API, and lets BentoML build.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from switchyard.errors import SwitchyardError
from switchyard.serving.answers import TableAnswerer
from switchyard.serving.predictor import Predictor
from switchyard.serving.reasons import explained
from switchyard.serving.samples import columns_of, sample_instances
from switchyard.serving.settings import Settings, read

EACH = 6
"""So many smoke instances of either label, and twice as many of predicted numbers."""

_TRIED = 600
"""So many rows of a table are made up to find them in."""

_SEED = 5


def main(folder: Path, version: str, urls: Iterable[str]) -> int:
    """Write smoke.json and openapi.json, build the Bento `version`; return the exit code.

    urls: to choose instances from for a model of texts, which may come late; rows of tables are
    made up.
    """
    try:
        settings = read(folder, {})
        described = openapi(folder, settings)
        (folder / "openapi.json").write_text(json.dumps(described, indent=1) + "\n", "utf-8")
        predictor = Predictor.open(
            folder / "model", settings.model_version, settings.content_sha256
        )
        chosen = smoke_rows(predictor) if predictor.on_tables else smoke_instances(predictor, urls)
        instances = [each["instance"] for each in chosen[:1]]
        explained(predictor, columns_of(instances, tuple(predictor.manifest.inputs)))
        (folder / "smoke.json").write_text(json.dumps(chosen, indent=1) + "\n", "utf-8")
        build(folder, version)
    except SwitchyardError as error:
        print(error, file=sys.stderr)  # noqa: T201  what the parent process shows
        return error.exit_code
    return 0


def smoke_instances(predictor: Predictor, urls: Iterable[str]) -> list[dict[str, Any]]:
    """The first instances of either label, with the label and the score that must be answered."""
    found: dict[str, list[dict[str, Any]]] = {}
    for url in urls:
        score, problem = predictor.score_one(url)
        if problem is None:
            same = found.setdefault(predictor.label(score), [])
            if len(same) < EACH:
                label = predictor.label(score)
                same.append({"instance": {"url": url}, "label": label, "score": score})
    return [each for label in sorted(found) for each in found[label]]


def smoke_rows(predictor: Predictor) -> list[dict[str, Any]]:
    """Made up rows of a table with the predictions that must be answered: of each label some.

    Of predicted numbers those come first that differ.
    """
    answerer = TableAnswerer(predictor, _TRIED)
    rows = sample_instances(predictor.manifest.inputs, _TRIED, _SEED)
    text = answerer.predictions(columns_of(rows, answerer.parser.names)).text
    found = [
        {"instance": row, **prediction}
        for row, prediction in zip(rows, json.loads(b"[" + text + b"]"), strict=True)
    ]
    if predictor.labels is not None:
        labels = sorted({each["label"] for each in found})
        return [
            each
            for label in labels
            for each in [one for one in found if one["label"] == label][:EACH]
        ]
    firsts = list({each["value"]: each for each in reversed(found)}.values())[::-1]
    again = [each for each in found if not any(each is one for one in firsts)]
    return [*firsts, *again][: 2 * EACH]


def openapi(folder: Path, settings: Settings) -> dict[str, Any]:
    """The document of the API, made by a runtime whose stores are thrown away."""
    from bento.openapi import document
    from bento.runtime import Runtime

    with tempfile.TemporaryDirectory() as state:
        environment = {
            "SWITCHYARD__SERVING__STATE_DIR": state,
            **dict.fromkeys(
                (
                    "SWITCHYARD__SERVING__CAPTURE__STORE",
                    "SWITCHYARD__SERVING__JOBS__QUEUE",
                    "SWITCHYARD__SERVING__JOBS__STORE",
                ),
                "''",
            ),
        }
        if settings.serving.require_api_key:
            environment["SWITCHYARD_API_KEYS"] = "only-to-describe-the-api"
        runtime = Runtime(folder, environment)
        with contextlib.closing(runtime.recorder):
            return document(runtime)


def build(folder: Path, version: str) -> None:
    """Build the folder as a Bento into the store of BENTOML_HOME."""
    import logging

    from bentoml.bentos import build_bentofile

    logging.getLogger("bentoml").setLevel(logging.ERROR)
    build_bentofile(str(folder / "bentofile.yaml"), version=version, build_ctx=str(folder))
