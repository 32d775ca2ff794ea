"""What BentoML is told of a service folder: its bentofile, with how an image is made of it."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import Any

from switchyard.packages.manifest import Manifest
from switchyard.serving.settings import Settings

SERVICE = "bento.service:svc"
LIBRARIES = {"lightgbm": "libgomp1"}
"""Which system packages a Python package needs that a slim image has not."""

ENVIRONMENT = {
    "BENTOML_DO_NOT_TRACK": "true",
    # Kernels are compiled when the image is made, on another machine than it runs on.
    "NUMBA_CPU_NAME": "generic",
    "SWITCHYARD__SERVING__HOST": "0.0.0.0",  # noqa: S104  a container's own address
    "SWITCHYARD__SERVING__STATE_DIR": "/state",
}


def bentofile(settings: Settings, manifest: Manifest, extras: Collection[str]) -> dict[str, Any]:
    """The content of bentofile.yaml; extras: packages that this model needs beside the others'."""
    system = sorted(LIBRARIES[name] for name in extras if name in LIBRARIES)
    return {
        "service": SERVICE,
        "name": settings.name,
        "description": "file:model/card.md",
        "labels": {
            "use-case": settings.name,
            "model-version": settings.model_version,
            "candidate": manifest.candidate,
            "content-sha256": manifest.content_sha256,
            "data-digest": manifest.data.digest,
            "synthetic": str(manifest.data.synthetic).lower(),
        },
        "include": ["*"],
        "python": {"requirements_txt": "requirements.txt", "lock_packages": False},
        "docker": {
            "distro": "debian",
            "python_version": f"{sys.version_info.major}.{sys.version_info.minor}",
            "env": ENVIRONMENT,
            "dockerfile_template": "container/Dockerfile.j2",
            "setup_script": "container/warm.sh",
            **({"system_packages": system} if system else {}),
        },
    }
