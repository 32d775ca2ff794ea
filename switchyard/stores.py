"""Folders and object stores by one name, through fsspec."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from switchyard.data.sources import shown
from switchyard.errors import RequestError


class FileStore(NamedTuple):
    """files: fsspec's file system; root: where in it, without a slash at its end."""

    files: Any
    root: str
    is_local: bool


def open_store(location: str, setting: str) -> FileStore:
    """The store at a path, file://…, s3://…, memory://….

    setting: the key that the location comes from. RequestError for one that nothing here reads.
    """
    from fsspec.core import url_to_fs

    plain = location if "://" in location else str(Path(location).expanduser().absolute())
    try:
        files, root = url_to_fs(plain)
    except (ImportError, ValueError) as cause:
        raise RequestError(
            f"{setting} '{shown(location)}' cannot be opened: {cause}; give a folder, or an "
            "object-store URL whose package is installed (s3://: uv sync --extra s3)"
        ) from cause
    protocols = (files.protocol,) if isinstance(files.protocol, str) else files.protocol
    return FileStore(files, str(root).rstrip("/"), "file" in protocols)


def sync_folder(folder: Path) -> None:
    """Make the names in a local folder outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
