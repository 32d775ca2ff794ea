"""What goes into each image, and the name that follows from it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from switchyard.errors import RequestError
from switchyard.nearest import suggestion

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "deploy/images"
BASE = "docker.io/library/python:3.11-slim"
BASE_VARIABLE = "SWITCHYARD_IMAGE_BASE"
"""Names the base; an image has the name of its own, so that in a pod the same names follow."""

_RECIPE = (
    *(f"{FOLDER}/{name}" for name in ("Dockerfile", "install.sh", "prune.py")),
    *("pyproject.toml", "uv.lock"),
)
_PINS = (
    *("bento/__init__.py", "bento/building/__init__.py", "bento/building/pins.py"),
    *("switchyard/__init__.py", "switchyard/errors.py"),
)
_SOURCES = ("run.py", "bento", "pipelines", "stacks", "steps", "switchyard")
_LEFT_OUT = (".md", ".nbc", ".nbi", ".pyc")


@dataclass(frozen=True)
class Target:
    """One image: what of the repository goes in, as paths of files and folders."""

    name: str
    parts: tuple[str, ...]


TARGETS = {
    each.name: each
    for each in (
        Target("steps", (*_RECIPE, f"{FOLDER}/warm.py", *_SOURCES)),
        Target("serving", (*_RECIPE, *_PINS)),
    )
}


def target(name: str) -> Target:
    """The target of that name; RequestError for others."""
    if name not in TARGETS:
        known = sorted(TARGETS)
        raise RequestError(
            f"there is no image '{name}'; {suggestion(name, known)}there are: {', '.join(known)}"
        )
    return TARGETS[name]


def base(given: str | None = None) -> str:
    """The image to build on: the one given, else the environment's, else Python's own."""
    return given or os.environ.get(BASE_VARIABLE) or BASE


def reference(name: str, registry: str, given_base: str | None = None) -> str:
    """'registry/switchyard/<name>:<digest of all that goes in>'. Errors as of `target`."""
    return f"{registry.rstrip('/')}/switchyard/{name}:{digest(target(name), base(given_base))}"


def digest(wanted: Target, on: str) -> str:
    """Sixteen letters of the digest of what goes in, the base's name included."""
    found = hashlib.sha256(f"{wanted.name}\0{on}\0".encode())
    for path in files(wanted):
        content = path.read_bytes()
        found.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()[:16]


def stage(wanted: Target, folder: Path) -> None:
    """Copy what goes in to `folder`: a build gets nothing else to see."""
    for path in files(wanted):
        place = folder / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def files(wanted: Target) -> Iterable[Path]:
    """The files that go in, in order; what a run or a person leaves beside them does not."""
    for part in wanted.parts:
        path = ROOT / part
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for each in found:
            hidden = any(name.startswith((".", "__pycache__")) for name in each.parts[-2:])
            if each.is_file() and not hidden and each.suffix not in _LEFT_OUT:
                yield each
