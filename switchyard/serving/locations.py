"""Places that a service is told of: absolute, and without the passwords that open them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from switchyard.configuration.layers import PREFIX
from switchyard.configuration.serving import Serving
from switchyard.data.sources import shown
from switchyard.errors import RequestError

_SQLITE = "sqlite:///"
_PLACES = (("jobs", "queue"), ("jobs", "store"), ("capture", "store"))


def settled(serving: Serving, environment: Mapping[str, str]) -> Serving:
    """The settings as they may be written down and read elsewhere.

    Relative paths become absolute, for the service works in a folder of its own. Passwords of
    places are left out; the environment of the service brings them. RequestError for one that
    stands elsewhere than in this environment: it would be lost.
    """
    changed: dict[str, Any] = {"state_dir": _absolute(serving.state_dir)}
    for section, key in _PLACES:
        held = getattr(getattr(serving, section), key)
        name = f"{PREFIX}SERVING__{section}__{key}".upper()
        if _is_secret(held) and environment.get(name) != held:
            raise RequestError(
                f"serving.{section}.{key} holds a password, which would be written into the Bento; "
                f"give it by the environment variable {name}, here and where the service runs"
            )
        part = changed.get(section, getattr(serving, section))
        place = shown(held) if _is_secret(held) else _absolute(held)
        changed[section] = part.model_copy(update={key: place})
    return serving.model_copy(update=changed)


def for_a_service(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings that are written down already, but for passwords.

    The use case's file and --set stand above the environment of who deploys; a service that read
    it again would turn that round.
    """
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(f"{PREFIX}SERVING__") or _is_secret(value)
    }


def _is_secret(place: str) -> bool:
    return "://" in place and ("@" in urlsplit(place).netloc or "…" in shown(place))


def _absolute(place: str) -> str:
    if place.startswith(_SQLITE):
        return f"{_SQLITE}{_absolute(place.removeprefix(_SQLITE))}"
    if not place or "://" in place or place.startswith("~"):
        return place
    return str(Path(place).absolute())
