"""Where a service finds what it serves."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

FOLDER_VARIABLE = "SWITCHYARD_SERVICE_DIR"
MODEL = "model"
SMOKE = "smoke.json"


def service_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the model and `service.json` lie: beside this package, unless the environment says."""
    return Path(environment.get(FOLDER_VARIABLE) or Path(__file__).resolve().parents[1])
