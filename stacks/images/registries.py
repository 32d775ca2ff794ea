"""Ask a registry whether it has an image, by its HTTP interface (OCI distribution)."""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.errors import PlatformError, RequestError

if TYPE_CHECKING:
    import requests

_TIMEOUT_S = 20
_ACCEPTED = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_PARAMETER = re.compile(r'([a-z]+)="([^"]*)"')
_HUB = "docker.io"


def digest_of(reference: str) -> str | None:
    """'sha256:…' of the image that a tag names in its registry; None when there is none.

    PlatformError when the registry cannot be asked or refuses; RequestError for no reference.
    """
    host, repository, tag = parts_of(reference)
    scheme = "http" if is_insecure(host) else "https"
    served = "registry-1.docker.io" if host == _HUB else host
    url = f"{scheme}://{served}/v2/{repository}/manifests/{tag}"
    answer = _ask(url, host)
    if answer.status_code == 404:
        return None
    if answer.status_code != 200:
        raise PlatformError(
            f"registry '{host}' answers {answer.status_code} for '{reference}'; "
            f"log in with `docker login {host}`, or look whether it is a registry"
        )
    return str(answer.headers.get("Docker-Content-Digest", ""))


def parts_of(reference: str) -> tuple[str, str, str]:
    """Host, repository, and tag or digest of an image's full name; RequestError when it is none."""
    name, at, digest = reference.partition("@")
    host, slash, path = name.partition("/")
    repository, colon, tag = path.rpartition(":")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        raise RequestError(
            f"image '{reference}' names no registry; write it out, as in "
            "registry.example.com/switchyard/steps:1"
        )
    if at:
        return host, repository if colon else path, digest
    return (host, repository, tag) if colon else (host, path, "latest")


def is_insecure(host: str) -> bool:
    """Whether a registry is on this machine, where HTTP is what everybody speaks."""
    name = host.rpartition(":")[0] or host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _ask(url: str, host: str) -> requests.Response:
    """The answer, with a token of the registry's own issuer where it wants one."""
    import requests

    headers = {"Accept": _ACCEPTED}
    login = _login(host)
    try:
        answer = requests.head(url, headers=headers, timeout=_TIMEOUT_S, allow_redirects=True)
        if answer.status_code != 401:
            return answer
        kind, _, rest = answer.headers.get("WWW-Authenticate", "").partition(" ")
        if kind.lower() == "basic" and login:
            headers["Authorization"] = f"Basic {login}"
        elif kind.lower() == "bearer":
            headers["Authorization"] = f"Bearer {_token(dict(_PARAMETER.findall(rest)), login)}"
        return requests.head(url, headers=headers, timeout=_TIMEOUT_S, allow_redirects=True)
    except requests.RequestException as error:
        raise PlatformError(
            f"registry '{host}' cannot be reached: {_reason(error)}; look whether it runs and "
            "whether the stack's container registry has the right uri"
        ) from error


def _token(wanted: dict[str, str], login: str | None) -> str:
    import requests

    realm = wanted.pop("realm", "")
    headers = {"Authorization": f"Basic {login}"} if login else {}
    given: dict[str, Any] = requests.get(
        realm, params=wanted, headers=headers, timeout=_TIMEOUT_S
    ).json()
    return str(given.get("token") or given.get("access_token") or "")


def _login(host: str) -> str | None:
    """What `docker login` or `podman login` has left for a registry: base64 of user:password."""
    folders = [os.environ.get("DOCKER_CONFIG"), "~/.docker", os.environ.get("XDG_RUNTIME_DIR")]
    places = [Path(folder).expanduser() / "config.json" for folder in folders[:2] if folder]
    if folders[2]:
        places.append(Path(folders[2]) / "containers" / "auth.json")
    for place in places:
        try:
            known = json.loads(place.read_text(encoding="utf-8")).get("auths", {})
        except (OSError, ValueError):
            continue
        found = known.get(host) or known.get(f"https://{host}") or {}
        if "auth" in found:
            return str(found["auth"])
        if "username" in found:
            pair = f"{found['username']}:{found.get('password', '')}"
            return base64.b64encode(pair.encode()).decode()
    return None


def _reason(error: Exception) -> str:
    """The innermost cause, which is what a person can act on."""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    return str(cause) or type(cause).__name__
