"""What `docker login` and `podman login` have left on this machine."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

HUB = "docker.io"
_OTHER_NAMES = {HUB: ("https://index.docker.io/v1/",)}


def login_of(host: str) -> tuple[str, str] | None:
    """User and password for a registry; None when no file that can be read has them."""
    names = (host, f"https://{host}", *_OTHER_NAMES.get(host, ()))
    for place in _places():
        try:
            known = json.loads(place.read_text(encoding="utf-8")).get("auths") or {}
            entry: dict[str, str] = next((known[name] for name in names if known.get(name)), {})
            if entry.get("auth"):
                pair = base64.b64decode(entry["auth"], validate=True).decode()
                return pair.partition(":")[0], pair.partition(":")[2]
        except (OSError, ValueError):
            continue  # another program's file: without it the registry says what is lacking
        if "username" in entry:
            return entry["username"], entry.get("password", "")
    return None


def _places() -> Iterator[Path]:
    for folder in (os.environ.get("DOCKER_CONFIG"), "~/.docker"):
        if folder:
            yield Path(folder).expanduser() / "config.json"
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / "containers" / "auth.json"
