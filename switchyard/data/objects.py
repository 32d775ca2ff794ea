"""Sources in object stores (s3://…), by fsspec."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath
from typing import Any

from switchyard.configuration.model import Data, Source
from switchyard.data.cache import Part, locked, open_folder
from switchyard.data.sources import (
    LocalFile,
    Progress,
    name_of,
    sha256_of,
    shown,
    wrong_digest,
)
from switchyard.errors import PlatformError, RequestError, SwitchyardError

_BLOCK = 1 << 20
_EXTRAS = {"s3": "s3", "s3a": "s3"}


def copy_object(source: Source, data: Data, progress: Progress | None = None) -> LocalFile:
    """A verified copy of the object in the cache; an unchanged object is not copied again."""
    location = shown(source.location)
    folder = open_folder(data.cache_dir)
    try:
        files, path = _file_system(source.location)
        facts = files.info(path)
        if facts.get("type") == "directory":
            raise RequestError(f"'{location}' is a folder; name one object in it")
        mark = hashlib.sha256(f"{source.location}\n{files.ukey(path)}".encode()).hexdigest()
        pinned = None if source.sha256 == "unpinned" else source.sha256
        ending = re.sub(r"[^\w.-]", "_", PurePosixPath(path).name)[-80:]
        target = folder / f"{pinned or mark}-{ending}"
        with locked(target):
            if target.exists():
                digest = sha256_of(target)
                if pinned in (None, digest):
                    return LocalFile(target, digest, name_of(source), location)
            with Part(target, resume=False) as part, files.open(path, "rb") as stream:
                while block := stream.read(_BLOCK):
                    part.write(block)
                    if progress:
                        progress(part.size, facts.get("size"))
                if pinned not in (None, part.sha256):
                    actual = part.sha256
                    part.discard()
                    raise wrong_digest(location, str(pinned), actual)
                part.finish()
                return LocalFile(target, part.sha256, name_of(source), location)
    except SwitchyardError:
        raise
    except FileNotFoundError as cause:
        raise RequestError(
            f"there is no object '{location}'; check the bucket and the key"
        ) from cause
    except PermissionError as cause:
        raise RequestError(
            f"'{location}' may not be read: {cause}; check the store's credentials"
        ) from cause
    except Exception as cause:
        raise PlatformError(
            f"cannot read '{location}': {type(cause).__name__}: {cause}; "
            "check the network, the endpoint and the credentials"
        ) from cause


def _file_system(location: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    scheme = location.partition("://")[0].lower()
    try:
        files, path = url_to_fs(location)
    except ImportError as cause:
        extra = _EXTRAS.get(scheme)
        advice = f"uv sync --extra {extra}" if extra else f"install it ({cause})"
        raise RequestError(
            f"reading '{shown(location)}' needs a package that is not installed: {advice}"
        ) from cause
    except ValueError as cause:
        raise RequestError(
            f"'{shown(location)}': nothing here reads '{scheme}://'; "
            "give a path, an http(s) URL or an object-store URL such as s3://bucket/key"
        ) from cause
    return files, str(path)
