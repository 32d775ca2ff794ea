"""Sources behind http(s): cached, resumed, verified while they stream, never half there."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from switchyard.configuration.model import Data, Source
from switchyard.data.cache import Part, locked, open_folder, writing
from switchyard.data.sources import (
    LocalFile,
    Progress,
    name_of,
    sha256_of,
    shown,
    wrong_digest,
)
from switchyard.errors import PlatformError, RequestError

if TYPE_CHECKING:
    from requests import Response, Session

BLOCK = 1 << 18
ATTEMPTS = 4
BACKOFF_S = 0.5
TIMEOUT_S = (10.0, 60.0)
"""To connect, and between two blocks."""


@dataclass(frozen=True)
class _Memory:
    """What is known of the copy at hand of an unpinned URL."""

    sha256: str
    etag: str | None
    modified: str | None
    fetched: str

    def headers(self) -> dict[str, str]:
        found = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {key: value for key, value in found.items() if value}


def download(source: Source, data: Data, progress: Progress | None = None) -> LocalFile:
    """The content of the URL, verified against its digest, from the cache where that has it.

    An 'unpinned' URL is asked whether it changed; offline, the copy at hand is used with a note.
    """
    url, location = source.location, shown(source.location)
    if source.sha256 is None:
        raise RequestError(
            f"'{location}' has no sha256: anything could come from it. Put the file's digest into "
            "data.sources (sha256sum FILE), or 'sha256: unpinned' for a feed that changes"
        )
    folder = open_folder(data.cache_dir)
    ending = re.sub(r"[^\w.-]", "_", PurePosixPath(unquote(urlsplit(url).path)).name)[-80:]
    pinned = None if source.sha256 == "unpinned" else source.sha256
    key = pinned or hashlib.sha256(url.encode()).hexdigest()
    target = folder / (f"{key}-{ending}" if ending else key)
    with locked(target):
        if pinned is None:
            digest, note = _follow(url, target, progress)
        else:
            digest, note = _pinned(url, target, pinned, progress), None
    return LocalFile(target, digest, name_of(source), location, note)


def _pinned(url: str, target: Path, expected: str, progress: Progress | None) -> str:
    if target.exists() and sha256_of(target) == expected:
        return expected
    for resume in (True, False):
        with Part(target, resume=resume) as part:
            resumed = part.size > 0
            if part.sha256 != expected:
                _stream(url, part, {}, progress, pinned=True)
            if part.sha256 == expected:
                part.finish()
                return expected
            actual = part.sha256
            part.discard()
        if not resumed:
            break
    raise wrong_digest(shown(url), expected, actual)


def _follow(url: str, target: Path, progress: Progress | None) -> tuple[str, str | None]:
    path = target.with_name(target.name + ".json")
    memory = _recall(path, target)
    try:
        with Part(target, resume=False) as part:
            asked = memory.headers() if memory else {}
            response = _stream(url, part, asked, progress, pinned=False)
            if response.status_code == HTTPStatus.NOT_MODIFIED and memory:
                return memory.sha256, None
            with writing(path.parent):
                path.unlink(missing_ok=True)
            part.finish()
    except PlatformError as cause:
        if memory is None:
            raise
        return memory.sha256, f"not reachable now; the copy of {memory.fetched} is used ({cause})"
    facts = {
        "sha256": part.sha256,
        "etag": response.headers.get("ETag"),
        "modified": response.headers.get("Last-Modified"),
        "fetched": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }
    with writing(path.parent):
        path.write_text(json.dumps(facts), encoding="utf-8")
    return part.sha256, None


def _recall(path: Path, target: Path) -> _Memory | None:
    try:
        memory = _Memory(**json.loads(path.read_text(encoding="utf-8")))
        return memory if sha256_of(target) == memory.sha256 else None
    except (OSError, ValueError, TypeError):  # a memory that cannot be read is no memory
        return None


def _stream(
    url: str, part: Part, headers: dict[str, str], progress: Progress | None, *, pinned: bool
) -> Response:
    """Fill `part` from the URL, going on where a broken connection stopped.

    Without a digest to check the whole by, it goes on only if the server names the version.
    """
    import requests
    from urllib3.exceptions import HTTPError

    etag = None
    with _session() as session:
        for attempt in range(ATTEMPTS):
            if part.size and not pinned and etag is None:
                part.discard()
            asked = dict(headers)
            if part.size:
                asked = {"Range": f"bytes={part.size}-"} | ({"If-Range": etag} if etag else {})
            try:
                response = session.get(url, headers=asked, stream=True, timeout=TIMEOUT_S)
            except requests.RequestException as cause:
                raise PlatformError(
                    f"cannot reach '{shown(url)}': {_reason(cause)}. Check the network and the "
                    "address, or download the file by other means and give its path"
                ) from cause
            with response:
                strong = response.headers.get("ETag", "")
                etag = etag or (strong if strong.startswith('"') else None)
                try:
                    if _take(url, response, part, progress):
                        return response
                except HTTPError:
                    time.sleep(BACKOFF_S * 2**attempt)
    raise PlatformError(
        f"'{shown(url)}' broke off {ATTEMPTS} times; what has come is kept, try again later"
    )


def _take(url: str, response: Response, part: Part, progress: Progress | None) -> bool:
    """Write the answer's body to `part`; False if it must be asked for again, from the start."""
    status = response.status_code
    if status == HTTPStatus.NOT_MODIFIED:
        return True
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and part.size:
        part.discard()
        return False
    if status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        text = f"'{shown(url)}' answered {status} {response.reason}"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise PlatformError(f"{text}; try again later")
        raise RequestError(f"{text}; check the address and whether it needs a log-in")
    if status == HTTPStatus.OK and part.size:
        part.discard()
    length = response.headers.get("Content-Length", "")
    total = part.size + int(length) if length.isdigit() else None
    for block in response.raw.stream(BLOCK, decode_content=False):
        part.write(block)
        if progress:
            progress(part.size, total)
    return True


def _session() -> Session:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    retry = Retry(
        total=ATTEMPTS - 1,
        backoff_factor=BACKOFF_S,
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,
    )
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    session.headers.update({"User-Agent": "switchyard", "Accept-Encoding": "identity"})
    return session


def _reason(cause: Exception) -> str:
    """The innermost cause, in a line."""
    while cause.__context__ is not None and isinstance(cause.__context__, Exception):
        cause = cause.__context__
    return f"{type(cause).__name__}: {cause}"[:200]
