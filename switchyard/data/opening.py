"""Opening files whatever they are compressed with, and refusing what is no text at all."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from switchyard.errors import DataError

HEAD = 1 << 16
"""How much of a file's beginning is looked at."""

_CODECS = ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\x28\xb5\x2f\xfd", "zstd"))
_ELSE = (
    (b"PK\x03\x04", "an Office or zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xfd7zXZ", "xz-compressed"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x80\x04\x95", "a pickle, which is never loaded here"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b") + b"\x7f"


@dataclass(frozen=True)
class Opening:
    """A file's first bytes, decompressed, and how to read it from the start."""

    path: Path
    codec: str | None
    head: bytes

    @property
    def is_parquet(self) -> bool:
        return self.codec is None and self.head.startswith(b"PAR1")

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """The decompressed bytes. DataError where the compression is damaged."""
        with _damage_named(self.path), _stream(self.path, self.codec) as stream:
            yield stream


def look(path: Path) -> Opening:
    """Open `path` far enough to know it. DataError if it is empty, damaged or binary junk."""
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise DataError(f"'{path}' is empty; give a file with rows")
    codec = next((codec for mark, codec in _CODECS if start.startswith(mark)), None)
    if codec is None and zipfile.is_zipfile(path):
        codec = "zip"
    opening = Opening(path, codec, b"")
    with opening.stream() as stream:
        head = stream.read(HEAD)
    if not head.strip():
        raise DataError(f"'{path}' holds nothing but white space; give a file with rows")
    if not head.startswith(b"PAR1"):
        _refuse_binary(path, head)
    return Opening(path, codec, head.removeprefix(b"\xef\xbb\xbf"))


def _refuse_binary(path: Path, head: bytes) -> None:
    what = next((what for mark, what in _ELSE if head.startswith(mark)), None)
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if what is None and controls > 0.05 * len(head):
        what = "binary, not text"
    if what:
        raise DataError(
            f"'{path}' is {what}; give UTF-8 text (CSV, TSV, JSON lines; plain, gz, bz2, zst or "
            "a zip of one file) or Parquet"
        )


@contextmanager
def _stream(path: Path, codec: str | None) -> Iterator[BinaryIO]:
    if codec is None:
        with path.open("rb") as plain:
            yield plain
    elif codec == "zip":
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            names = {member.filename.lower() for member in members}
            if len(members) != 1 or "[content_types].xml" in names:
                raise DataError(
                    f"'{path}' is a zip of {len(members)} files; unpack it and name one of them"
                )
            with archive.open(members[0]) as member:
                yield cast(BinaryIO, member)
    else:
        with pa.CompressedInputStream(pa.OSFile(str(path)), codec) as native:
            yield cast(BinaryIO, io.BufferedReader(native, 1 << 20))


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zipfile.BadZipFile, RuntimeError) as cause:
        if isinstance(cause, pa.ArrowException):
            raise
        raise DataError(
            f"'{path}' is damaged or cut off ({str(cause).strip() or type(cause).__name__}); "
            "fetch it again"
        ) from cause
