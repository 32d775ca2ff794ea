#!/usr/bin/env bash
# Prepare an image, as root, while its disk can be written to: what the service needs of the system,
# the folder that it keeps its state in, and kernels compiled for any processor.
set -euo pipefail
cd "$BENTO_PATH/src"

if grep -q '^lightgbm==' requirements.txt; then
    apt-get update
    apt-get install -y --no-install-recommends libgomp1
    rm -rf /var/lib/apt/lists/*
fi

install -d -o "$BENTO_USER" -g "$BENTO_USER" "$SWITCHYARD__SERVING__STATE_DIR"

python -m compileall -q --invalidation-mode checked-hash switchyard bento
python - <<'PROGRAM'
import json
from pathlib import Path

from switchyard.serving.predictor import Predictor
from switchyard.serving.settings import read

folder = Path.cwd()
settings = read(folder, {})
predictor = Predictor.open(folder / "model", settings.model_version, settings.content_sha256)
known = json.loads((folder / "smoke.json").read_text())
urls = [each["instance"]["url"] for each in known]
scores = [each["score"] for each in known]
assert predictor.score({"url": urls}).scores.tolist() == scores, "the image gives other scores"
assert [predictor.score_one(url)[0] for url in urls] == scores, "the image gives other scores"
PROGRAM
