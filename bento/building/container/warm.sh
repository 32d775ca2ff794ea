#!/usr/bin/env bash
# Compile the kernels and the bytecode for any processor, while the image's disk may be written to.
set -euo pipefail
cd "$BENTO_PATH/src"
rm -f switchyard/*/__pycache__/*.nb[ic]
python -m compileall -q --invalidation-mode checked-hash switchyard bento
python - <<'PROGRAM'
import json
from pathlib import Path

from switchyard.serving.predictor import Predictor
from switchyard.serving.settings import read

folder = Path.cwd()
settings = read(folder, {})
predictor = Predictor.open(folder / "model", settings.model_version, settings.content_sha256)
smoke = json.loads((folder / "smoke.json").read_text())
urls = [each["instance"]["url"] for each in smoke]
together = predictor.score({"url": urls}).scores.tolist()
assert together == [each["score"] for each in smoke], "the image gives other scores"
assert together == [predictor.score_one(url)[0] for url in urls]
PROGRAM
