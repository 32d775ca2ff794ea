"""What a registry has of an image, and what is put there."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar
from urllib.parse import urljoin, urlsplit

import requests

from stacks.registries.asking import Host
from stacks.registries.logins import login_of
from stacks.registries.references import Reference
from switchyard.errors import PlatformError, innermost

MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_ACCEPTED = {"Accept": ", ".join((*INDEXES, *MANIFESTS))}
_PASSING = (502, 503, 504)
_LOST_UPLOAD = "BLOB_UPLOAD_"
"""What a registry says of an upload that it had begun before it was started again."""

_PAUSE_S = 0.5

T = TypeVar("T")


class Away(PlatformError):  # noqa: N818  it may come back
    """The registry does not answer now."""


class Registry:
    """One repository of a registry, asked with the logins of this machine.

    named_by: which setting names the registry. PlatformError, with the registry's name and that
    setting, when it cannot be asked or refuses. One that has answered and goes away is waited for,
    `patience_s` at most.
    """

    patience_s: ClassVar[float] = 30.0

    def __init__(
        self, host: str, name: str, named_by: str = "the uri of the stack's container registry"
    ) -> None:
        self.host, self.name = host, name
        self._named_by = named_by
        self._asked = Host(host, login_of(host))
        self._has_answered = False

    def manifest(self, version: str) -> tuple[dict[str, Any], str] | None:
        """A manifest or an index, and its media type; None when there is none."""
        answer = self._ask("GET", f"manifests/{version}", (200, 404), headers=_ACCEPTED)
        if answer.status_code == 404:
            return None
        return answer.json(), answer.headers.get("Content-Type", "").partition(";")[0]

    def digest(self, version: str) -> str | None:
        """The digest of a manifest or an index; None when there is none."""
        answer = self._ask("HEAD", f"manifests/{version}", (200, 404), headers=_ACCEPTED)
        if answer.status_code == 404:
            return None
        return str(answer.headers.get("Docker-Content-Digest", ""))

    def blob(self, digest: str) -> bytes:
        """The content of a blob."""
        return self._ask("GET", f"blobs/{digest}", (200,)).content

    def has(self, digest: str) -> bool:
        """Whether there is such a blob."""
        return self._ask("HEAD", f"blobs/{digest}", (200, 404)).status_code == 200

    def take(self, digest: str, other: Registry) -> None:
        """Have a blob of another repository, without a copy where the registry can do that."""
        if self.has(digest):
            return
        if other.host == self.host:
            where = f"blobs/uploads/?mount={digest}&from={other.name}"
            if self._ask("POST", where, (201, 202)).status_code == 201:
                return
        self.put(digest, other.blob(digest))

    def put(self, digest: str, content: bytes) -> None:
        """Upload a blob."""
        if not self.has(digest):
            self._patiently(lambda: self._upload(digest, content))

    def put_manifest(self, version: str, manifest: dict[str, Any], kind: str) -> str:
        """Upload a manifest under a tag; its digest."""
        content = json.dumps(manifest).encode()
        headers = {"Content-Type": kind}
        self._ask("PUT", f"manifests/{version}", (201,), data=content, headers=headers)
        return content_digest(content)

    def _upload(self, digest: str, content: bytes) -> None:
        """From its beginning: what a registry has of a part it may not know later."""
        begun = self._once("POST", "blobs/uploads/", (202,))
        where = urljoin(begun.url, begun.headers["Location"])
        where += f"{'&' if urlsplit(where).query else '?'}digest={digest}"
        kind = {"Content-Type": "application/octet-stream"}
        self._once("PUT", where, (201,), data=content, headers=kind)

    def _ask(self, method: str, path: str, fine: tuple[int, ...], **how: Any) -> requests.Response:
        """For what may be asked twice."""
        return self._patiently(lambda: self._once(method, path, fine, **how))

    def _patiently(self, do: Callable[[], T]) -> T:
        """What is done at last; of a registry that never answered, which may be none, at once."""
        deadline = time.monotonic() + self.patience_s
        while True:
            try:
                return do()
            except Away:
                if not self._has_answered or time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE_S)

    def _once(self, method: str, path: str, fine: tuple[int, ...], **how: Any) -> requests.Response:
        try:
            answer = self._asked.ask(method, urljoin(f"/v2/{self.name}/", path), **how)
        except requests.RequestException as error:
            raise Away(
                f"registry '{self.host}' cannot be reached: {innermost(error)}; look whether it "
                f"runs and whether {self._named_by} names the right one"
            ) from error
        failed = answer.status_code >= 400
        if answer.status_code in _PASSING or (failed and _LOST_UPLOAD in answer.text):
            raise Away(
                f"registry '{self.host}' answers {answer.status_code} to {method} of "
                f"'{self.name}': it may be starting; run the same command again"
            )
        self._has_answered = True
        if answer.status_code not in fine:
            said = f" ({answer.text[:200]})" if answer.text else ""
            raise PlatformError(
                f"registry '{self.host}' answers {answer.status_code} to {method} of "
                f"'{self.name}'{said}; log in with `docker login {self.host}`, or look whether "
                f"{self._named_by} names a registry"
            )
        return answer


def digest_of(reference: str) -> str | None:
    """'sha256:…' of the image that a full name names in its registry; None when there is none.

    PlatformError when the registry cannot be asked or refuses; RequestError for no full name.
    """
    image = Reference.of(reference)
    return Registry(image.host, image.name).digest(image.version)


def content_digest(content: bytes) -> str:
    """How registries name a content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
