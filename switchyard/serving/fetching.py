"""Fetch the archive of a service's folder, verify it, unpack it.

It needs fsspec and nothing of this project: a pod runs this text before it has the project's code,
as `python -c TEXT URL SHA256 FOLDER`, and ends with the exit code of what went wrong.
"""

import hashlib
import sys
import tarfile
import time
from pathlib import Path

DIFFERENT, UNREADABLE, ABSENT = 4, 5, 6
"""Exit codes: another content than was asked for; the store does not answer; no such object."""

PATIENCE_S = 20.0
"""For a store that is away for a moment."""

_PAUSE_S = 1.0
_BLOCK = 1 << 20


class NotFetched(Exception):  # noqa: N818  as its text says
    """Why there is no folder; `code` is one of the exit codes."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def fetch(url: str, sha256: str, folder: Path, patience_s: float = PATIENCE_S) -> None:
    """Unpack the tar archive at `url` into `folder`, once its digest is what it should be.

    NotFetched otherwise; nothing of the archive is in the folder then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / ".archive.tar"
    try:
        _copy(url, archive, patience_s)
        found = digest(archive)
        if found != sha256:
            raise NotFetched(
                DIFFERENT, f"'{url}' has the digest {found}, it should be {sha256}: not unpacked"
            )
        with tarfile.open(archive) as packed:
            # What the digest vouches for is as it was packed; older Pythons have no filter.
            safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            packed.extractall(folder, **safely)  # type: ignore[arg-type]  # noqa: S202
    finally:
        archive.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _copy(url: str, target: Path, patience_s: float) -> None:
    from fsspec.core import url_to_fs

    deadline = time.monotonic() + patience_s
    while True:
        try:
            files, path = url_to_fs(url)
            files.get_file(path, str(target))
            return
        except FileNotFoundError as error:
            raise NotFetched(ABSENT, f"there is no object '{url}'") from error
        except (ImportError, PermissionError) as error:
            raise NotFetched(UNREADABLE, f"'{url}' cannot be read: {error}") from error
        except Exception as error:  # stores raise errors of libraries of their own
            if time.monotonic() > deadline:
                said = f"{type(error).__name__}: {error}"
                raise NotFetched(UNREADABLE, f"'{url}' cannot be read: {said}") from error
        time.sleep(_PAUSE_S)


if __name__ == "__main__":
    try:
        fetch(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    except NotFetched as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.code)
