#!/bin/sh
# Make /opt/venv by uv, prune it and compile it: `install.sh UV_VERSION COMMAND OF UV …`, in an image.
# All in one layer, and uv itself does not stay.
set -eu
version=$1
shift
python=$(command -v python3)
cd /build
export UV_NO_CACHE=1 UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never
export UV_PROJECT_ENVIRONMENT=/opt/venv VIRTUAL_ENV=/opt/venv
"$python" -m venv /build/uv
/build/uv/bin/pip install --no-cache-dir --quiet "uv==$version"
/build/uv/bin/uv venv --quiet --python "$python" /opt/venv
# The flag, for a variable that says no leaves pyproject.toml's yes as it is.
/build/uv/bin/uv "$@" --quiet --no-compile-bytecode
"$python" prune.py /opt/venv
"$python" -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib
rm -rf /build/uv
