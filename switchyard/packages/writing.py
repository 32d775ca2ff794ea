"""Writing a model package: whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from switchyard.errors import PlatformError, RequestError
from switchyard.packages.manifest import Details, Entry, Manifest, completed
from switchyard.packages.storage import dumps

MODEL, MANIFEST, CARD = "model.skops", "manifest.json", "card.md"


@dataclass(frozen=True)
class Package:
    """A package on disk."""

    folder: Path
    manifest: Manifest

    @property
    def content_sha256(self) -> str:
        return self.manifest.content_sha256

    @property
    def size_mb(self) -> float:
        """Size of its files in megabytes (10⁶ bytes), the manifest apart."""
        return sum(entry.size for entry in self.manifest.files.values()) / 1e6


def write(folder: Path, estimator: Any, details: Details, card: str) -> Package:
    """Write the package as `folder`, in the place of one that is there already.

    The files are written beside it, flushed to the disk, and renamed into place. RequestError when
    `folder` is something else than a package; PlatformError when the disk refuses.
    """
    contents = {MODEL: dumps(estimator), CARD: card.encode()}
    files = {
        name: Entry(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        for name, content in contents.items()
    }
    created = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = completed(details, files, created)
    contents[MANIFEST] = (manifest.model_dump_json(indent=2) + "\n").encode()
    if folder.exists() and not _replaceable(folder):
        raise RequestError(f"{folder} exists and is no model package; choose another folder")
    try:
        _write_whole(folder, contents)
    except OSError as error:
        raise PlatformError(
            f"the model package {folder} could not be written: {error.strerror or error}; "
            "make room or give another folder"
        ) from error
    return Package(folder, manifest)


def _replaceable(folder: Path) -> bool:
    return folder.is_dir() and ((folder / MANIFEST).is_file() or not any(folder.iterdir()))


def _write_whole(folder: Path, contents: dict[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made = beside / "new"
        made.mkdir()
        for name, content in contents.items():
            with (made / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        _flush_folder(made)
        if folder.exists():
            folder.rename(beside / "old")
        try:
            made.rename(folder)
        except OSError:
            if (beside / "old").exists():
                (beside / "old").rename(folder)
            raise
        _flush_folder(folder.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":  # only there can a folder be flushed
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
