"""Redaction of URLs before they are kept; docs/capture.md tells people what it does.

What is kept is made from the canonical form, where no odd spelling can hide what is to be masked;
for the model both are the same. A text whose host is not a host name has no parts that could be
told apart: it is masked whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from switchyard.configuration.serving import Capture
from switchyard.errors import RequestError
from switchyard.packages.manifest import AnyInput
from switchyard.tables.casting import listed
from switchyard.tasks.rows import on_tables
from switchyard.urls.canonical import canonicalise, scheme_of

MASK = "*"


def check_capture(capture: Capture, inputs: Mapping[str, AnyInput]) -> None:
    """RequestError when parts of URLs are to be masked where there are none, or of `drop` a name.

    inputs: those of a manifest.
    """
    if capture.redact and on_tables(inputs):
        raise RequestError(
            f"serving.capture.redact: {', '.join(capture.redact)} are parts of a URL, and this "
            "model takes a table; leave columns out with serving.capture.drop"
        )
    unknown = [name for name in capture.drop if name not in inputs]
    if unknown:
        known = listed(tuple(inputs))
        raise RequestError(
            f"serving.capture.drop: '{unknown[0]}' is no input of the model; they are {known}"
        )


_HOST = re.compile(r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]*)?")
_HEAD_END = re.compile(r"[/?#]")
_TAIL = re.compile(r"[?#]")
_DIGIT = re.compile(r"\d")
_SEGMENT = re.compile(r"[^/]+")


def redact(url: str, parts: Collection[str]) -> str:
    """The URL without what `parts` name: 'query', 'userinfo', 'path', 'digits'.

    - userinfo: what stands before `@` is `*`;
    - path: each segment is `*`;
    - query: the value of each parameter is `*`, and so is a parameter without `=` and the fragment;
    - digits: each digit of the whole text is `0`.
    """
    if not parts:
        return url
    canonical = canonicalise(url)
    border = _HEAD_END.search(canonical)
    cut = border.start() if border else len(canonical)
    user, at, host = canonical[:cut].rpartition("@")
    rest = canonical[cut:]
    if not _HOST.fullmatch(host):
        return MASK
    border = _TAIL.search(rest)
    cut = border.start() if border else len(rest)
    path, tail = rest[:cut], rest[cut:]
    if "userinfo" in parts and at:
        user = MASK
    if "path" in parts:
        path = _SEGMENT.sub(MASK, path)
    if "query" in parts:
        tail = _masked_tail(tail)
    scheme = scheme_of(url)
    start = f"{scheme}://" if scheme.startswith("http") else ""
    redacted = f"{start}{user}{at}{host}{path}{tail}"
    return _DIGIT.sub("0", redacted) if "digits" in parts else redacted


def _masked_tail(tail: str) -> str:
    """Query and fragment, from `?` or `#` on, with names of parameters only."""
    query, hash_sign, fragment = tail.partition("#")
    if query:
        query = "?" + "&".join(_masked_parameter(part) for part in query[1:].split("&"))
    return query + hash_sign + (MASK if fragment else "")


def _masked_parameter(part: str) -> str:
    name, equals, value = part.partition("=")
    if not equals:
        return MASK if name else ""
    return f"{name}={MASK if value else ''}"
