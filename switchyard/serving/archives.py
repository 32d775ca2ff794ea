"""The folder of a release as one file, so that a service elsewhere can have it."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from switchyard.errors import PlatformError
from switchyard.serving.fetching import DIFFERENT, NotFetched, digest, fetch
from switchyard.serving.releases import Release


def pack(release: Release, target: Path, below: str = "") -> str:
    """Write the release's folder as a tar archive, in it `below` a folder; return its SHA-256.

    The same folder makes the same bytes: names in order, no owners, the time of the build.
    PlatformError when the folder is not here or the disk refuses.
    """
    folder = Path(release.folder)
    built = int(datetime.fromisoformat(release.built).timestamp())

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = built
        entry.mode = 0o755 if entry.isdir() else 0o644
        return entry

    try:
        with tarfile.open(target, "w", dereference=True) as packed:
            for path in sorted(folder.iterdir()):
                packed.add(path, f"{below}/{path.name}".lstrip("/"), filter=plain)
        return digest(target)
    except OSError as error:
        raise PlatformError(
            f"'{release.bento}' cannot be packed from '{folder}': {error.strerror or error}; build "
            "it again by the same command"
        ) from error


@contextmanager
def opened(release: Release) -> Iterator[Path]:
    """The release's folder: where it was built if that is this machine, else a verified copy.

    PlatformError when it is neither here nor to be had, or is not what was published.
    """
    here = Path(release.folder)
    if here.is_dir() or not release.archive:
        yield here
        return
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        try:
            fetch(release.archive, release.archive_sha256, Path(folder))
        except NotFetched as error:
            how = (
                "somebody has changed it: publish the release again by another deployment"
                if error.code == DIFFERENT
                else "check the store, the network and the credentials of this process"
            )
            raise PlatformError(f"'{release.bento}': {error}; {how}") from error
        yield Path(folder)
