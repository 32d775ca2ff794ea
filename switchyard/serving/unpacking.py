"""Bodies that were packed for the way: unpacked within a bound."""

from __future__ import annotations

import zlib

from switchyard.serving.problems import Problem

_WINDOWS = {
    b"gzip": 16 + zlib.MAX_WBITS,
    b"x-gzip": 16 + zlib.MAX_WBITS,
    b"deflate": zlib.MAX_WBITS,
}


def unpacked(body: bytes, encoding: bytes, most: int) -> bytes:
    """The body as it was before `encoding` (gzip, deflate, identity).

    Problem 415 for another encoding, 400 for broken data, 413 when it grows beyond `most` bytes.
    """
    named = encoding.strip().lower()
    if named in (b"", b"identity"):
        return body
    if named not in _WINDOWS:
        raise Problem(415, "Content-Encoding must be gzip, deflate or identity")
    members: list[bytes] = []
    size = 0
    while body or not members:
        machine = zlib.decompressobj(_WINDOWS[named])
        try:
            members.append(machine.decompress(body, most - size + 1))
        except zlib.error:
            raise Problem(400, f"the body is not {named.decode()} data") from None
        size += len(members[-1])
        if size > most:
            raise Problem(413, f"unpacked, the body has more than {most:,} bytes")
        if not machine.eof:
            raise Problem(400, f"the {named.decode()} data of the body end too early")
        body = machine.unused_data
    return b"".join(members)
