"""Lay out a service folder: the sources that serve, the verified package, and what they are told.

switchyard/ bento/                    the sources; compiled kernels beside them
model/                                model.skops, manifest.json, card.md
service.json                          switchyard.serving.settings.Settings
requirements.txt bentofile.yaml       what BentoML builds from
container/                            how BentoML makes an image of it
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import yaml

from bento.building.containers import bentofile
from bento.building.requirements import ROOTS, clients_of, extras_of, pinned
from switchyard.capture.redaction import check_capture
from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.packages.loading import verify
from switchyard.packages.manifest import Manifest
from switchyard.packages.writing import CARD, MANIFEST, MODEL
from switchyard.serving.locations import settled
from switchyard.serving.settings import FILE, Settings

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (
    "bento/building",
    "switchyard/console.py",
    "switchyard/pages.py",
    "switchyard/promotion",
    "switchyard/split.py",
    "switchyard/tracking",
    "switchyard/trials.py",
)
"""What no module that serves imports."""

KERNELS = (".nbi", ".nbc")
CONTAINER = Path(__file__).resolve().parent / "container"
DERIVED = ("smoke.json", "openapi.json")


def stage(folder: Path, version: int, package: Path, use_case: UseCase) -> Manifest:
    """Write the service folder of a version's package as `folder`, which must be empty or new.

    Return the package's manifest. PlatformError when the package is not whole or the disk refuses;
    RequestError when what is to be masked or dropped of rows is not of this model.
    """
    manifest = verify(package).manifest
    check_capture(use_case.serving.capture, manifest.inputs)
    settings = Settings(
        name=use_case.name,
        title=use_case.title,
        model_version=str(version),
        content_sha256=manifest.content_sha256,
        serving=settled(use_case.serving, os.environ),
    )
    extras = extras_of(package)
    try:
        for source in sources():
            _copy(source, folder / source.relative_to(ROOT))
        for kernel in kernels(ROOT):
            _copy(kernel, folder / kernel.relative_to(ROOT))
        for name in (MODEL, MANIFEST, CARD):
            _copy(package / name, folder / "model" / name)
        shutil.copytree(CONTAINER, folder / "container")
        (folder / FILE).write_text(json.dumps(settings.plain(), indent=2) + "\n", "utf-8")
        requirements = "\n".join(pinned((*ROOTS, *extras, *clients_of(use_case.serving)))) + "\n"
        (folder / "requirements.txt").write_text(requirements, "utf-8")
        described = yaml.safe_dump(bentofile(settings, manifest), sort_keys=False)
        (folder / "bentofile.yaml").write_text(described, "utf-8")
    except OSError as error:
        raise PlatformError(
            f"the service folder '{folder}' cannot be written: {error.strerror or error}; "
            "make room, then run the same command again"
        ) from error
    return manifest


def sources() -> Iterable[Path]:
    """The files of switchyard/ and bento/ that a service is made of, in order."""
    left_out = [ROOT / name for name in LEFT_OUT]
    for room in ("switchyard", "bento"):
        for path in sorted((ROOT / room).rglob("*")):
            hidden = "__pycache__" in path.parts or path.suffix == ".md"
            if path.is_file() and not hidden and not any(map(path.is_relative_to, left_out)):
                yield path


def compiled(folder: Path) -> Iterable[Path]:
    """What was compiled of the sources of a service folder: kernels and bytecode."""
    for path in sorted(folder.rglob("__pycache__/*")):
        if path.suffix in (*KERNELS, ".pyc"):
            yield path


def kernels(folder: Path) -> Iterable[Path]:
    """Numba's compiled kernels, which lie beside their sources and hold in a copy of these.

    Their stamp is the sources' content (switchyard/compiling.py), so that a stale one is not taken.
    """
    for path in sorted((folder / "switchyard").rglob("__pycache__/*")):
        if path.suffix in KERNELS:
            yield path


def digest(folder: Path) -> str:
    """The digest of all that was staged; kernels and what is derived from the rest do not count."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_file() and "__pycache__" not in path.parts and relative not in DERIVED:
            found.update(f"{relative}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
