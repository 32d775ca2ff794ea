"""What an image of the service takes on disk, reckoned without building one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from switchyard.errors import PlatformError

BASE_MB = 125.0
"""Unpacked size of python:3.11-slim, which the image starts from."""


def image_size(service: Path, requirements: Iterable[str], scratch: Path) -> dict[str, float]:
    """Megabytes (10⁶ bytes) of base image, installed packages and service folder together.

    requirements: the pinned ones of the release. They are installed into `scratch` by uv, without
    bytecode, as an image build does it. PlatformError when that is not possible.
    """
    uv = shutil.which("uv")
    if uv is None:
        raise PlatformError("'uv' is not installed, and it installs what the image would hold")
    listed = scratch / "requirements.txt"
    listed.write_text("\n".join(requirements), encoding="utf-8")
    target = scratch / "packages"
    command = [uv, "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    done = subprocess.run(
        [*command, "--requirement", str(listed)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise PlatformError(f"the release's packages cannot be installed: {done.stderr[-2000:]}")
    packages, own = size_mb(target), size_mb(service)
    return {"image_mb": BASE_MB + packages + own, "packages_mb": packages, "service_mb": own}


def size_mb(folder: Path) -> float:
    """Megabytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
