"""Compile kernels and bytecode by using them: `python warm.py` in a service folder.

Fails when this machine gives other scores than the one that the package was made on.
"""

from __future__ import annotations

import json
from pathlib import Path

import bento.application  # noqa: F401  for its bytecode
from switchyard.explanations.explaining import explain
from switchyard.serving.predictor import Predictor
from switchyard.serving.settings import read


def warm(folder: Path) -> None:
    """Score the smoke instances one by one and together, and explain one."""
    settings = read(folder, {})
    predictor = Predictor.open(folder / "model", settings.model_version, settings.content_sha256)
    known = json.loads((folder / "smoke.json").read_text())
    urls = [each["instance"]["url"] for each in known]
    scores = [each["score"] for each in known]
    together = predictor.score({"url": urls}).scores.tolist()
    if not together == [predictor.score_one(url)[0] for url in urls] == scores:
        raise SystemExit(f"this machine gives other scores: {together} instead of {scores}")
    explain(predictor.model.estimator, urls[:1])


if __name__ == "__main__":
    warm(Path.cwd())
