"""Why a row cannot be a URL, for the rejects of a data set and the answers of a service."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from switchyard.urls.canonical import canonicalise

EMPTY = "empty"
BINARY = "not text: control characters"
NO_HOST = "no host"

_BINARY = r"[\x00-\x08\x0e-\x1f\x7f]"
_HOSTED = (
    r"^(?:[^/?#]*@)?(?:"
    r"[^/?#@]*[0-9a-z][^/?#@]*\.[^/?#@]+"  # a name with a dot, or an address
    r"|[0-9]+(?::[0-9]+)?|0x[0-9a-f]+(?::[0-9]+)?"  # an address as one number
    r"|\[[0-9a-f:.]+\](?::[0-9]+)?"
    r"|localhost(?::[0-9]+)?"
    r")(?:[/?#]|$)"
)
"""For Arrow's matcher, which takes time linear in the text. Python's would take its cube."""

_is_binary = re.compile(_BINARY)
_ends_host = re.compile(r"[/?#]")
_is_named = re.compile(r"[0-9a-z]")
_is_bare = re.compile(r"(?:[0-9]+|0x[0-9a-f]+|\[[0-9a-f:.]+\]|localhost)(?::[0-9]+)?")


def too_long(max_length: int) -> str:
    """The reason given for a URL of more than `max_length` characters."""
    return f"longer than {max_length:,} characters"


def problem(url: str, max_length: int) -> str | None:
    """Why `url` cannot be one, or None: too long, binary, empty, or without a host."""
    return problem_of_canonical(
        url, canonicalise(url) if len(url) <= max_length else "", max_length
    )


def problem_of_canonical(url: str, canonical: str, max_length: int) -> str | None:
    """`problem` where the canonical form is at hand already; not looked at if `url` is too long."""
    if len(url) > max_length:
        return too_long(max_length)
    if _is_binary.search(url):
        return BINARY
    if not canonical:
        return EMPTY
    return None if _is_hosted(canonical) else NO_HOST


def _is_hosted(canonical: str) -> bool:
    """What `_HOSTED` says, in linear time."""
    host = _ends_host.split(canonical, maxsplit=1)[0].rpartition("@")[2]
    if _is_bare.fullmatch(host):
        return True
    named = _is_named.search(host)
    return named is not None and host.find(".", named.end(), len(host) - 1) >= 0


def problems(
    urls: Any, max_length: int, canonical: pa.LargeStringArray | None = None
) -> pa.LargeStringArray:
    """`problem` of every URL, in order, null where there is none.

    Accepts what `as_arrow` accepts; give `canonical` when `canonicalise_all(urls)` is at hand.
    """
    from switchyard.urls.bulk import as_arrow, canonicalise_all

    array = as_arrow(urls)
    text = pa.large_string()
    long = pc.greater(pc.utf8_length(array), max_length)
    if canonical is None:
        short = pc.if_else(long, pa.scalar("", text), array) if pc.any(long).as_py() else array
        canonical = canonicalise_all(short)
    return pc.case_when(
        pc.make_struct(
            long,
            pc.match_substring_regex(array, _BINARY),
            pc.equal(pc.binary_length(canonical), 0),
            pc.invert(pc.match_substring_regex(canonical, _HOSTED)),
        ),
        *(pa.scalar(reason, text) for reason in (too_long(max_length), BINARY, EMPTY, NO_HOST)),
    )
