"""What there is to score: the files behind a location, and how each is opened."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from switchyard.batches.kinds import Kind
from switchyard.data.sources import shown
from switchyard.errors import DataError, RequestError, SwitchyardError
from switchyard.inference.places import failure, open_path
from switchyard.stores import FileStore, explaining, open_store

SETTING = "--input"
ENDINGS: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".jsonl": "ndjson",
    ".ndjson": "ndjson",
    ".json": "json",
}
_GLOB = re.compile(r"[*?\[]")
_HEAD = 1 << 16


@dataclass(frozen=True)
class InputFile:
    """A file to score. mark: changes when its content does; packed: whether gzip packs it."""

    path: str
    kind: Kind
    packed: bool
    size: int
    mark: str

    @classmethod
    def of(cls, values: dict[str, Any]) -> InputFile:
        return cls(**values)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Inputs:
    """The files of a location in order of their paths; ignored: files of no known kind."""

    location: str
    files: tuple[InputFile, ...]
    ignored: int = 0


def find_inputs(location: str) -> Inputs:
    """The files that a path, a folder, a pattern (*, ?, […]) or an object-store prefix stands for.

    In folders, files whose names begin with '.' or '_' and those of no known kind are left out.
    RequestError when there is nothing to score.
    """
    store = open_store(location, SETTING)
    with explaining(_failing(location)):
        store.files.invalidate_cache()
        paths, chosen = _paths(store)
        if not paths:
            raise RequestError(
                f"{SETTING} '{shown(location)}' is not there, or holds no file; give a file, a "
                "folder, a pattern or an object-store prefix"
            )
        found = [path for path in paths if kind_of(path) is not None]
        if not found:
            raise RequestError(
                f"{SETTING} '{shown(location)}' holds no file to score, as "
                f"'{PurePosixPath(paths[0]).name}' shows; names must end in "
                f"{', '.join(ENDINGS)}, those of text perhaps with .gz after it"
            )
        if chosen and len(found) < len(paths):
            odd = next(path for path in paths if kind_of(path) is None)
            raise RequestError(f"'{odd}' must end in {', '.join(ENDINGS)} or, packed, in .gz")
        files = tuple(_described(store, path) for path in found)
    return Inputs(location, files, len(paths) - len(found))


def kind_of(path: str) -> tuple[Kind, bool] | None:
    """The kind that the name's ending says, and whether the file is packed; None for no kind."""
    name = path.lower()
    packed = name.endswith(".gz")
    ending = PurePosixPath(name.removesuffix(".gz")).suffix
    kind = ENDINGS.get(ending)
    return None if kind is None or (packed and kind == "parquet") else (kind, packed)


def refuse_changed(before: Inputs, own: Callable[[str], bool]) -> None:
    """DataError when a file came, went or was changed since `before` was found.

    own: whether a path is of the result, which may be written below what is scored.
    """
    try:
        now = find_inputs(before.location)
    except RequestError as cause:
        raise DataError(f"the input was changed while it was scored: {cause}") from cause
    then = {file.path: file for file in before.files}
    present = {file.path: file for file in now.files if not own(file.path)}
    for path in sorted(then.keys() | present.keys()):
        if then.get(path) != present.get(path):
            what = "added" if path not in then else "removed" if path not in present else "changed"
            raise DataError(
                f"'{path}' was {what} while the input was scored, so that no output was written; "
                "run the same command again"
            )


@contextmanager
def opened(location: str, file: InputFile) -> Iterator[BinaryIO]:
    """The unpacked content from its start; seekable, but backwards slowly where packed.

    DataError where the file is gone or its packing is damaged.
    """
    store = open_store(location, SETTING)
    with (
        explaining(_failing(location)),
        naming(file),
        open_path(store.files, file.path, local=store.is_local) as raw,
    ):
        if file.packed:
            yield cast(BinaryIO, io.BufferedReader(gzip.GzipFile(fileobj=raw), 1 << 20))
        else:
            yield raw


@contextmanager
def naming(file: InputFile) -> Iterator[None]:
    """Lets errors of the data say which file they are of."""
    try:
        yield
    except DataError as cause:
        raise DataError(f"'{file.path}': {cause}") from cause
    except FileNotFoundError as cause:
        raise DataError(f"'{file.path}' is gone; run the same command again") from cause
    except (EOFError, zlib.error, gzip.BadGzipFile) as cause:
        raise DataError(f"'{file.path}' is no whole gzip file ({cause}); fetch it again") from cause


def _failing(location: str) -> Callable[[Exception], SwitchyardError]:
    return lambda cause: failure(location, SETTING, "read", cause)


def _paths(store: FileStore) -> tuple[list[str], bool]:
    """The files that the location stands for, and whether each of them was meant by name."""
    files, root = store.files, store.root
    if _GLOB.search(root) and not files.exists(root):
        return sorted(path for path in map(str, files.glob(root)) if files.isfile(path)), True
    if files.isfile(root):
        return [root], True
    found = [str(path) for path in files.find(root)]
    inside = [(path, PurePosixPath(path.removeprefix(root).lstrip("/"))) for path in found]
    kept = [
        path
        for path, below in inside
        if not any(part.startswith((".", "_")) for part in below.parts)
    ]
    return sorted(kept), False


def _described(store: FileStore, path: str) -> InputFile:
    found = kind_of(path)
    if found is None:
        raise RequestError(f"'{path}' must end in {', '.join(ENDINGS)} or, packed, in .gz")
    facts = store.files.info(path)
    size = int(facts["size"] or 0)
    if store.is_local:
        with open_path(store.files, path, local=True) as file:
            head = hashlib.sha256(file.read(_HEAD)).hexdigest()[:16]
        mark = f"{facts['mtime']!r}-{head}"
    else:
        mark = str(facts.get("ETag") or facts.get("etag") or store.files.ukey(path))
    return InputFile(path, found[0], found[1], size, mark)
