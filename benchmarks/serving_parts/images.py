"""What an image of the service takes on disk, reckoned without building one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from switchyard.errors import PlatformError

BASE_MB = 125.0
"""Unpacked size of python:3.11-slim, which the image starts from."""


def image_size(service: Path, scratch: Path) -> dict[str, float]:
    """Megabytes (10⁶ bytes) of base image, installed packages and service folder together.

    The release's pinned packages are installed into `scratch` by uv, with bytecode, as the image's
    build does it. PlatformError when that is not possible.
    """
    uv = shutil.which("uv")
    if uv is None:
        raise PlatformError("'uv' is not installed, and it installs what the image would hold")
    listed, target = service / "requirements.txt", scratch / "packages"
    command = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", sys.executable]
    command += ["--no-deps", "--target", str(target), "--requirement", str(listed)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise PlatformError(f"the release's packages cannot be installed: {done.stderr[-2000:]}")
    packages, own = size_mb(target), size_mb(service)
    return {"image_mb": BASE_MB + packages + own, "packages_mb": packages, "service_mb": own}


def size_mb(folder: Path) -> float:
    """Megabytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
