"""Compile kernels and bytecode by using them: `python warm.py` in a service folder.

Fails when this machine gives other answers than the one that the package was made on.
"""

from __future__ import annotations

import json
from pathlib import Path

import bento.application  # noqa: F401  for its bytecode
from switchyard.serving.answers import answerer_of
from switchyard.serving.predictor import Predictor
from switchyard.serving.reasons import explained
from switchyard.serving.samples import columns_of
from switchyard.serving.settings import read


def warm(folder: Path) -> None:
    """Answer the smoke instances one by one and together, and explain one."""
    settings = read(folder, {})
    predictor = Predictor.open(folder / "model", settings.model_version, settings.content_sha256)
    known = json.loads((folder / "smoke.json").read_text())
    instances = [each.pop("instance") for each in known]
    answerer = answerer_of(predictor, len(known))
    names = answerer.parser.names
    single = [answerer.predictions(columns_of([each], names)).text for each in instances]
    together = answerer.predictions(columns_of(instances, names)).text
    found = json.loads(b"[" + together + b"]")
    if not (together == b",".join(single) and found == known):
        raise SystemExit(f"this machine gives other answers: {found} instead of {known}")
    explained(predictor, columns_of(instances[:1], names))


if __name__ == "__main__":
    warm(Path.cwd())
