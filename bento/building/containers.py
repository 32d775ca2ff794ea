"""What BentoML is told of a service folder: its bentofile."""

from __future__ import annotations

from typing import Any

from switchyard.packages.manifest import Manifest
from switchyard.serving.settings import Settings

SERVICE = "bento.service:svc"
ENVIRONMENT = {
    "BENTOML_DO_NOT_TRACK": "true",
    # The user's home may be read-only.
    "BENTOML_HOME": "/tmp/bentoml",  # noqa: S108  a container's own
    # Kernels are compiled when the image is made, on another machine than it runs on.
    "NUMBA_CPU_NAME": "generic",
    "SWITCHYARD__SERVING__HOST": "0.0.0.0",  # noqa: S104  a container's own address
    "SWITCHYARD__SERVING__STATE_DIR": "/state",
    "UV_NO_CACHE": "true",
}
"""What is set in a container, and only there."""


def bentofile(settings: Settings, manifest: Manifest) -> dict[str, Any]:
    """The content of bentofile.yaml."""
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
        "envs": [{"name": name, "value": value} for name, value in ENVIRONMENT.items()],
        "python": {"requirements_txt": "requirements.txt", "lock_packages": False},
        "docker": {"setup_script": "container/prepare.sh"},
    }
