"""Full names of images, and which registries are on this machine."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from switchyard.errors import RequestError

_HOST = re.compile(r"[^/]*[.:][^/]*|localhost")
_IMAGE = re.compile(
    r"(?P<name>[a-z0-9._/-]+)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class Reference(NamedTuple):
    """An image: host/name, and its tag or digest there; a digest says more than a tag."""

    host: str
    name: str
    version: str

    @classmethod
    def of(cls, text: str) -> Reference:
        """RequestError for what does not begin with a registry's host, or names no image of it."""
        host, _, image = text.partition("/")
        if not image or not _HOST.fullmatch(host):
            raise RequestError(
                f"image '{text}' names no registry; write it out, as in "
                "registry.example.com/switchyard/steps:1"
            )
        found = _IMAGE.fullmatch(image)
        if not found:
            raise RequestError(
                f"'{text}' is no image of a registry; write it in small letters, as in "
                f"{host}/switchyard/steps:1 or {host}/switchyard/steps@sha256:…"
            )
        return cls(host, found["name"], found["digest"] or found["tag"] or "latest")


def is_insecure(host: str) -> bool:
    """Whether a registry is on this machine, where HTTP is what everybody speaks."""
    name = re.sub(r":\d+$", "", host).strip("[]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
