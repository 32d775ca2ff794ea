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

# Only inside an image: an environment that somebody develops in keeps what it has.
if [ "${BENTOML_CONTAINERIZED:-}" = true ]; then
    python container/prune.py "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
fi
python -m compileall -q --invalidation-mode checked-hash switchyard bento
PYTHONPATH=. python container/warm.py
