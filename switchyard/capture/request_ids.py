"""Request ids that prove themselves: who issued them, when, for how many instances, and whether
the prediction is kept.

An id is 30 bytes in URL-safe base64 (40 characters):

    kind (1) | wall time in µs (7) | process (4) | counter (4) | instances (4) | code (10)

The first character tells whether the prediction is kept ('K') or not ('N'). The code is keyed
BLAKE2s over the rest (RFC 7693: a MAC by itself, at a third of the cost of HMAC).
"""

from __future__ import annotations

import os
import random
import struct
from binascii import Error, a2b_base64, b2a_base64
from hashlib import blake2s, sha256
from hmac import compare_digest
from itertools import count
from pathlib import Path
from time import time_ns
from typing import NamedTuple

from switchyard.errors import PlatformError, RequestError

LENGTH = 40
KEPT = b"K"[0]
"""First byte of an id whose prediction is kept."""

KEY_FILE = "request-id.key"
KEY_VARIABLE = "SWITCHYARD_REQUEST_ID_KEY"

_FIELDS = struct.Struct(">QIII")
_TIME = struct.Struct(">Q")
_CODE_SIZE = 10
_MASK_32 = 0xFFFF_FFFF
_MASK_56 = (1 << 56) - 1
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_MARK_KEPT = _ALPHABET.index(b"K") << 58
_MARK_NOT = _ALPHABET.index(b"N") << 58
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_MIN_KEY = 16


class RequestId(NamedTuple):
    """What an id says. time_us: wall time of its issue, in µs since 1970."""

    time_us: int
    instances: int
    kept: bool


class RequestIds:
    """Issues ids and reads those issued under the same key, by whichever process.

    sample: the share of ids whose predictions are kept.
    """

    def __init__(self, key: bytes, sample: float) -> None:
        self._code = blake2s(key=sha256(key).digest(), digest_size=_CODE_SIZE)
        self._sample = sample
        self._all = sample >= 1.0
        self._process = int.from_bytes(os.urandom(4))
        self._count = count()

    def issue(self, instances: int) -> bytes:
        """A new id for a request of so many instances."""
        kept = self._all or random.random() < self._sample  # noqa: S311  no secret
        return self._made(instances, kept)

    def issue_unkept(self, instances: int) -> bytes:
        """A new id for a request that is kept in no case."""
        return self._made(instances, kept=False)

    def _made(self, instances: int, kept: bool) -> bytes:
        fields = _FIELDS.pack(
            (_MARK_KEPT if kept else _MARK_NOT) | time_ns() // 1000,
            self._process,
            next(self._count) & _MASK_32,
            instances,
        )
        code = self._code.copy()
        code.update(fields)
        return b2a_base64(fields + code.digest(), newline=False).translate(_TO_URL)

    def read(self, text: str) -> RequestId | None:
        """What the id says, or None when it was not issued under this key."""
        if len(text) != LENGTH or not text.isascii() or "+" in text or "/" in text:
            return None
        try:
            content = a2b_base64(text.encode().translate(_FROM_URL), strict_mode=True)
        except Error:
            return None
        if len(content) != _FIELDS.size + _CODE_SIZE:
            return None
        fields = content[: _FIELDS.size]
        code = self._code.copy()
        code.update(fields)
        if not compare_digest(code.digest(), content[_FIELDS.size :]):
            return None
        marked_time, _, _, instances = _FIELDS.unpack(fields)
        return RequestId(marked_time & _MASK_56, instances, text[0] == chr(KEPT))


def time_of(request_id: bytes) -> int:
    """The wall time of an id of ours, in µs since 1970; ValueError for what cannot be one."""
    content = a2b_base64(request_id[:12].translate(_FROM_URL), strict_mode=True)
    time_us: int = _TIME.unpack_from(content)[0] & _MASK_56
    return time_us


def load_key(folder: Path) -> bytes:
    """The key of a use case: from SWITCHYARD_REQUEST_ID_KEY (hexadecimal), else a file in `folder`.

    The file is made once, whole, by whichever process comes first. RequestError for a variable
    that is no key; PlatformError for a file that cannot be made or is none.
    """
    given = os.environ.get(KEY_VARIABLE)
    if given is not None:
        key = _parsed(given)
        if key is None:
            raise RequestError(
                f"{KEY_VARIABLE} is not a key: give at least {2 * _MIN_KEY} hexadecimal digits, "
                "as `openssl rand -hex 32` prints them"
            )
        return key
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        key = _parsed(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as cause:
        raise PlatformError(
            f"the key of request ids '{path}' cannot be had: {cause}; "
            f"make the folder writable, move serving.state_dir, or set {KEY_VARIABLE}"
        ) from cause
    if key is None:
        raise PlatformError(
            f"'{path}' holds no key of request ids; delete it (ids issued so far become unknown) "
            f"or set {KEY_VARIABLE}"
        )
    return key


def _parsed(text: str) -> bytes | None:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        return None
    return key if len(key) >= _MIN_KEY else None


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.urandom(6).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            os.write(descriptor, os.urandom(32).hex().encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first; its key is the key
    finally:
        draft.unlink(missing_ok=True)
