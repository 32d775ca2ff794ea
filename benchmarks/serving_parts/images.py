"""What an image of the service takes on disk, reckoned without building one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from switchyard.errors import PlatformError

CONTAINER = Path(__file__).resolve().parents[2] / "bento" / "building" / "container"
BASE_MB = 125.0
"""Unpacked size of python:3.11-slim, which the image starts from."""


def image_size(service: Path, scratch: Path) -> dict[str, float]:
    """Megabytes (10⁶ bytes) that an image holds beside its Python: packages and service folder.

    The release's pinned packages are installed into `scratch` by uv, pruned and used once, as the
    image's build does it. PlatformError when that is not possible.
    """
    uv = shutil.which("uv")
    if uv is None:
        raise PlatformError("'uv' is not installed, and it installs what the image would hold")
    target, copy = scratch / "packages", scratch / "service"
    shutil.copytree(service, copy, ignore=shutil.ignore_patterns("__pycache__"))
    command = [uv, "pip", "install", "--quiet", "--no-deps", "--python", sys.executable]
    _run(
        [*command, "--target", str(target), "--requirement", str(service / "requirements.txt")],
        cwd=scratch,
    )
    _run([sys.executable, str(CONTAINER / "prune.py"), str(target)])
    # -S: nothing of this environment is found, only what was installed for the image.
    path = {"PYTHONPATH": f"{copy}:{target}", "NUMBA_CPU_NAME": "generic"}
    _run([sys.executable, "-S", str(CONTAINER / "warm.py")], cwd=copy, env=path)
    packages, own = size_mb(target), size_mb(copy)
    return {
        "image_mb": packages + own,
        "image_with_base_mb": BASE_MB + packages + own,
        "packages_mb": packages,
        "service_mb": own,
    }


def _run(command: list[str], **options: Any) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, **options)
    if done.returncode:
        raise PlatformError(f"{command[1:4]} failed: {done.stderr[-2000:]}")


def size_mb(folder: Path) -> float:
    """Megabytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
