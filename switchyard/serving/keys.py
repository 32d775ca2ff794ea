"""API keys: several at a time, compared in constant time, exchanged without a restart."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from pathlib import Path

from switchyard.errors import RequestError

VARIABLE = "SWITCHYARD_API_KEYS"

log = logging.getLogger("switchyard.serving")

_SHORTEST = 16


class Keys:
    """The keys that open the API; none configured means that it is open.

    They come from SWITCHYARD_API_KEYS (separated by commas) or from the file that
    SWITCHYARD_API_KEYS_FILE names (one a line, read again when it changes). For a rotation both
    the old and the new key stand there for a while. RequestError when `required` and there are
    none, or one is too short to be a secret.
    """

    def __init__(self, environment: Mapping[str, str], *, required: bool = False) -> None:
        self._fixed = _digests(environment.get(VARIABLE, "").split(","), VARIABLE)
        named = environment.get(f"{VARIABLE}_FILE", "")
        self._file = Path(named) if named else None
        self._seen: tuple[int, int] | None = None
        self._digests = self._fixed
        self.refresh()
        if (required or self._file) and not self._digests:
            raise RequestError(
                f"there are no API keys; put one of at least {_SHORTEST} characters into "
                f"{VARIABLE}, or a file of them into {VARIABLE}_FILE"
            )

    @property
    def wanted(self) -> bool:
        """Whether requests need a key."""
        return bool(self._digests)

    def refresh(self) -> None:
        """Read the file again if it changed; one that is gone, empty or wrong changes nothing.

        RequestError for a wrong one when it is read first.
        """
        if self._file is None:
            return
        try:
            facts = self._file.stat()
            seen = (facts.st_mtime_ns, facts.st_size)
            if seen == self._seen:
                return
            lines = self._file.read_text(encoding="utf-8").splitlines()
            found = _digests(lines, str(self._file))
        except (OSError, ValueError, RequestError) as error:
            if self._seen is None:
                told = error.strerror if isinstance(error, OSError) else str(error)
                raise RequestError(
                    f"{VARIABLE}_FILE: '{self._file}' cannot be used: {told}"
                ) from error
            if not isinstance(error, OSError):
                self._seen = seen
                log.error("the keys stay as they were: %s", error)
            return
        if found:
            self._digests = [*self._fixed, *found]
        self._seen = seen

    def opens(self, authorization: bytes | None, api_key: bytes | None) -> bool:
        """Whether the headers `Authorization: Bearer KEY` or `X-API-Key: KEY` hold a key."""
        given = api_key
        if given is None and authorization is not None:
            scheme, _, value = authorization.partition(b" ")
            given = value.strip() if scheme.lower() == b"bearer" else None
        if given is None:
            return False
        digest = hashlib.sha256(given).digest()
        found = False
        for known in self._digests:
            found |= hmac.compare_digest(known, digest)
        return found


def _digests(keys: list[str], where: str) -> list[bytes]:
    given = [key.strip() for key in keys if key.strip()]
    short = sum(len(key) < _SHORTEST for key in given)
    if short:
        raise RequestError(
            f"{where}: {short} of {len(given)} API keys have fewer than {_SHORTEST} characters; "
            "make one by: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return [hashlib.sha256(key.encode()).digest() for key in given]
