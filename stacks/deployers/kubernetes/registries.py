"""A container registry's API, as far as one more layer on an image needs it (OCI distribution)."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests

from switchyard.errors import PlatformError, RequestError

MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_TIMEOUT_S = 60.0
_REFERENCE = re.compile(
    r"^(?P<host>[^/]+[.:][^/]*|localhost)/(?P<name>[a-z0-9._/-]+)"
    r"(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)


class Reference(NamedTuple):
    """An image: host/name, and what it is called there."""

    host: str
    name: str
    version: str

    @classmethod
    def of(cls, text: str) -> Reference:
        """RequestError for what does not begin with a registry's host."""
        found = _REFERENCE.match(text)
        if not found:
            raise RequestError(f"'{text}' is no image of a registry, as host:5000/name:tag is")
        version = found["digest"] or found["tag"] or "latest"
        return cls(found["host"], found["name"], version)


class Registry:
    """One repository of a registry. Errors of the network are PlatformErrors that name it."""

    def __init__(self, host: str, name: str) -> None:
        self.host, self.name = host, name
        bare = host.rpartition(":")[0] or host
        scheme = "http" if bare in ("localhost", "[::1]") or bare.startswith("127.") else "https"
        self._root = f"{scheme}://{host}/v2/{name}/"
        self._session = requests.Session()
        self._session.trust_env = scheme == "https"  # no proxy stands before this machine

    def manifest(self, version: str) -> tuple[dict[str, Any], str] | None:
        """A manifest or an index, and its media type; None when there is none."""
        accept = ", ".join((*MANIFESTS, *INDEXES))
        answer = self._ask("GET", f"manifests/{version}", (200, 404), headers={"Accept": accept})
        if answer.status_code == 404:
            return None
        return answer.json(), answer.headers.get("Content-Type", "").partition(";")[0]

    def digest(self, version: str) -> str | None:
        """The digest of a manifest; None when there is none."""
        accept = {"Accept": ", ".join(MANIFESTS)}
        answer = self._ask("HEAD", f"manifests/{version}", (200, 404), headers=accept)
        return answer.headers.get("Docker-Content-Digest") if answer.status_code == 200 else None

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
        if self.has(digest):
            return
        begun = self._ask("POST", "blobs/uploads/", (202,))
        where = urljoin(begun.url, begun.headers["Location"])
        where += f"{'&' if urlsplit(where).query else '?'}digest={digest}"
        kind = {"Content-Type": "application/octet-stream"}
        self._ask("PUT", where, (201,), data=content, headers=kind)

    def put_manifest(self, version: str, manifest: dict[str, Any], kind: str) -> str:
        """Upload a manifest under a tag; its digest."""
        content = json.dumps(manifest).encode()
        headers = {"Content-Type": kind}
        self._ask("PUT", f"manifests/{version}", (201,), data=content, headers=headers)
        return digest_of(content)

    def _ask(self, method: str, path: str, fine: tuple[int, ...], **how: Any) -> requests.Response:
        url = urljoin(self._root, path)
        try:
            answer = self._session.request(method, url, timeout=_TIMEOUT_S, **how)
            if answer.status_code == 401 and self._sign_in(answer):
                answer = self._session.request(method, url, timeout=_TIMEOUT_S, **how)
        except requests.RequestException as error:
            raise PlatformError(
                f"registry '{self.host}' does not answer: {error}; check that it runs and that "
                "`repository` and `image` of the model_deployer name the right one"
            ) from error
        if answer.status_code not in fine:
            raise PlatformError(
                f"registry '{self.host}' answered {answer.status_code} to {method} of "
                f"'{self.name}': {answer.text[:200]}; `docker login {self.host}` gives credentials"
            )
        return answer

    def _sign_in(self, refused: requests.Response) -> bool:
        """Follow the registry's challenge with the credentials of Docker's configuration."""
        challenge = refused.headers.get("WWW-Authenticate", "")
        secret = _credentials(self.host)
        if challenge.lower().startswith("basic") and secret:
            self._session.auth = secret
            return True
        told = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        if "realm" not in told:
            return False
        asked = {
            "service": told.get("service", ""),
            "scope": f"repository:{self.name}:pull,push",
        }
        answer = requests.get(told["realm"], params=asked, auth=secret, timeout=_TIMEOUT_S)
        if answer.status_code != 200:
            return False
        token = answer.json().get("token") or answer.json().get("access_token")
        self._session.headers["Authorization"] = f"Bearer {token}"
        return True


def digest_of(content: bytes) -> str:
    """How a registry names a content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _credentials(host: str) -> tuple[str, str] | None:
    folder = Path(os.environ.get("DOCKER_CONFIG") or "~/.docker").expanduser()
    path = folder / "config.json"
    if not path.is_file():
        return None
    known = json.loads(path.read_text(encoding="utf-8")).get("auths") or {}
    encoded = (known.get(host) or known.get(f"https://{host}") or {}).get("auth")
    if not encoded:
        return None
    account, _, password = base64.b64decode(encoded).decode().partition(":")
    return account, password
